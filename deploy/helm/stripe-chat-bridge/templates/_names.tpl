{{/* Short enough for a suffix within Kubernetes' 63 letters. */}}
{{- define "stripe-chat-bridge.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "stripe-chat-bridge.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What receives traffic; the pod that migrates is another component. */}}
{{- define "stripe-chat-bridge.bridgeSelector" -}}
{{ include "stripe-chat-bridge.selector" . }}
app.kubernetes.io/component: bridge
{{- end }}

{{- define "stripe-chat-bridge.labels" -}}
{{ include "stripe-chat-bridge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "stripe-chat-bridge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "stripe-chat-bridge.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "stripe-chat-bridge.image" -}}
{{- $tagged := printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- with .Values.image.digest }}{{ printf "%s@%s" $tagged . }}{{ else }}{{ $tagged }}{{ end -}}
{{- end }}

{{- define "stripe-chat-bridge.claimName" -}}
{{- .Values.store.volume.existingClaim | default (include "stripe-chat-bridge.fullname" .) -}}
{{- end }}

{{- define "stripe-chat-bridge.serviceUrl" -}}
{{- printf "http://%s.%s.svc:%d" (include "stripe-chat-bridge.fullname" .) .Release.Namespace (int .Values.service.port) -}}
{{- end }}
