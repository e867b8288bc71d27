{{/*
Every secret of the configuration, as a JSON list: `at` is its place in bridge.yaml and the name of
its file, `given` what the values say, `optional` whether it may be left out.
*/}}
{{- define "stripe-chat-bridge.secrets" -}}
{{- $found := list -}}
{{- range $name, $account := .Values.config.accounts -}}
{{- range $key := list "reader_key" "writer_key" "webhook_secrets" -}}
{{- $found = append $found (dict "section" (list "accounts" $name) "key" $key "given" (get $account $key | default dict) "optional" (eq $key "writer_key")) -}}
{{- end -}}
{{- end -}}
{{- $bot := eq (.Values.config.matrix.mode | default "appservice") "bot" -}}
{{- range $key := list "as_token" "hs_token" "access_token" "password" -}}
{{- $found = append $found (dict "section" (list "matrix") "key" $key "given" (get $.Values.config.matrix $key | default dict) "optional" (or $bot (has $key (list "access_token" "password")))) -}}
{{- end -}}
{{- range $name, $target := .Values.config.targets -}}
{{- $found = append $found (dict "section" (list "targets" $name) "key" "apprise" "given" (get $target "apprise" | default dict) "optional" false) -}}
{{- end -}}
{{- if eq .Values.store.kind "postgresql" -}}
{{- $found = append $found (dict "section" (list "store") "key" "url" "given" (.Values.store.url | default dict) "optional" false) -}}
{{- end -}}
{{- $named := list -}}
{{- range $secret := $found -}}
{{- $at := printf "%s.%s" (join "." $secret.section) $secret.key -}}
{{- $said := not (empty (or $secret.given.value $secret.given.existingSecret $secret.given.key)) -}}
{{- $named = append $named (merge (dict "at" $at "said" $said) $secret) -}}
{{- end -}}
{{- $named | toJson -}}
{{- end }}

{{/* bridge.yaml: the values' `config`, with every secret replaced by the name of its file. */}}
{{- define "stripe-chat-bridge.bridgeYaml" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "store" (dict "url" "sqlite+aiosqlite:////var/lib/stripe-bridge/stripe-bridge.db") -}}
{{- $_ := set $config "web" (merge (dict "port" 8080) ($config.web | default dict)) -}}
{{- if not $config.matrix.bridge_url -}}
{{- $_ := set $config.matrix "bridge_url" (include "stripe-chat-bridge.serviceUrl" .) -}}
{{- end -}}
{{- range $secret := include "stripe-chat-bridge.secrets" . | fromJsonArray -}}
{{- $section := $config -}}
{{- range $step := $secret.section -}}
{{- $section = get $section $step -}}
{{- end -}}
{{- $_ := unset $section $secret.key -}}
{{- if $secret.said -}}
{{- $_ := set $section (printf "%s_file" $secret.key) (printf "secrets/%s" $secret.at) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{/* The secrets given as values, for a Secret's `data`; empty when there are none. */}}
{{- define "stripe-chat-bridge.secretData" -}}
{{- $data := dict -}}
{{- range $secret := include "stripe-chat-bridge.secrets" . | fromJsonArray -}}
{{- if $secret.given.value -}}
{{- $_ := set $data $secret.at ($secret.given.value | b64enc) -}}
{{- end -}}
{{- end -}}
{{- if $data -}}{{- toYaml $data -}}{{- end -}}
{{- end }}

{{/*
The volume at /etc/stripe-bridge: bridge.yaml, and beside it secrets/. One volume, so that both
change together. Called with `root` and `name`, the name of the ConfigMap and of the Secret.
*/}}
{{- define "stripe-chat-bridge.files" -}}
projected:
  defaultMode: 0440
  sources:
    - configMap:
        name: {{ .name }}
        items:
          - key: bridge.yaml
            path: bridge.yaml
    {{- range $secret := include "stripe-chat-bridge.secrets" .root | fromJsonArray }}
    {{- if $secret.said }}
    - secret:
        name: {{ $secret.given.existingSecret | default $.name }}
        items:
          - key: {{ $secret.given.key | default $secret.at | quote }}
            path: {{ printf "secrets/%s" $secret.at | quote }}
    {{- end }}
    {{- end }}
{{- end }}

{{/* Seconds of a duration like 1h30m; values.schema.json lets no other form in. */}}
{{- define "stripe-chat-bridge.seconds" -}}
{{- $seconds := 0 -}}
{{- range $unit, $each := dict "d" 86400 "h" 3600 "m" 60 "s" 1 -}}
{{- $seconds = add $seconds (mul (regexFind (printf "[0-9]+%s" $unit) $ | trimSuffix $unit | int64) $each) -}}
{{- end -}}
{{- $seconds -}}
{{- end }}
