{{/* What every pod of this chart has: Pod Security "restricted" and more. */}}
{{- define "stripe-chat-bridge.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- range $key := list "runAsUser" "runAsGroup" "fsGroup" }}
  {{- $id := get $.Values.podSecurity $key }}
  {{- if kindIs "float64" $id }}
  {{ $key }}: {{ int64 $id }}
  {{- end }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* What every container has. */}}
{{- define "stripe-chat-bridge.container" -}}
image: {{ include "stripe-chat-bridge.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: files
    mountPath: /etc/stripe-bridge
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if eq .Values.store.kind "sqlite" }}
  - name: store
    mountPath: /var/lib/stripe-bridge
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Called with `root` and `name`, as `stripe-chat-bridge.files` is. */}}
{{- define "stripe-chat-bridge.volumes" -}}
- name: files
  {{- include "stripe-chat-bridge.files" . | nindent 2 }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if eq .root.Values.store.kind "sqlite" }}
- name: store
  persistentVolumeClaim:
    claimName: {{ include "stripe-chat-bridge.claimName" .root }}
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "stripe-chat-bridge.migrate" -}}
args: [migrate, --config, /etc/stripe-bridge/bridge.yaml]
{{- end }}

{{- define "stripe-chat-bridge.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
