{{/* What the schema cannot say. All of it at once, one sentence each. */}}
{{- define "stripe-chat-bridge.guard" -}}
{{- $wrong := list -}}
{{- if not .Values.config.accounts -}}
{{- $wrong = append $wrong "config.accounts is empty: give at least one Stripe account" -}}
{{- end -}}
{{- range $key := list "homeserver" "server_name" -}}
{{- if not (get $.Values.config.matrix $key) -}}
{{- $wrong = append $wrong (printf "config.matrix.%s is missing: see docs/configuration.md" $key) -}}
{{- end -}}
{{- end -}}
{{- range $secret := include "stripe-chat-bridge.secrets" . | fromJsonArray -}}
{{- $at := eq $secret.at "store.url" | ternary "store.url" (printf "config.%s" $secret.at) -}}
{{- $given := $secret.given -}}
{{- if and $given.value (or $given.existingSecret $given.key) -}}
{{- $wrong = append $wrong (printf "%s is given both ways: keep either `value`, or `existingSecret` and `key`" $at) -}}
{{- else if and (or $given.existingSecret $given.key) (not (and $given.existingSecret $given.key)) -}}
{{- $wrong = append $wrong (printf "%s is half given: `existingSecret` and `key` go together" $at) -}}
{{- else if not (or $secret.said $secret.optional) -}}
{{- $wrong = append $wrong (printf "%s is missing: give either `value`, or `existingSecret` and `key`" $at) -}}
{{- end -}}
{{- end -}}
{{- $matrix := .Values.config.matrix -}}
{{- if eq ($matrix.mode | default "appservice") "bot" -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- $wrong = append $wrong (printf "replicas is %d, but a bot is one process: its homeserver counts the messages of all of them together" (int .Values.replicas)) -}}
{{- end -}}
{{- if not $matrix.user_id -}}
{{- $wrong = append $wrong "config.matrix.user_id is missing: config.matrix.mode is bot" -}}
{{- end -}}
{{- range $secret := include "stripe-chat-bridge.secrets" . | fromJsonArray -}}
{{- if and $secret.said (has $secret.at (list "matrix.as_token" "matrix.hs_token")) -}}
{{- $wrong = append $wrong (printf "config.%s means nothing in bot mode: remove it" $secret.at) -}}
{{- end -}}
{{- end -}}
{{- $token := $matrix.access_token | default dict -}}
{{- $password := $matrix.password | default dict -}}
{{- if not (or $token.value $token.existingSecret $password.value $password.existingSecret) -}}
{{- $wrong = append $wrong "config.matrix.access_token is missing: give it, or the bot's password" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.store.kind "sqlite" -}}
{{- if gt (int .Values.replicas) 1 -}}
{{- $wrong = append $wrong (printf "replicas is %d, but SQLite serves one process: set store.kind to postgresql, or replicas to 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if .Values.store.url -}}
{{- $wrong = append $wrong "store.url is given, but store.kind is sqlite, whose file is on the chart's own volume: set store.kind to postgresql, or remove store.url" -}}
{{- end -}}
{{- if eq .Values.migrations.mode "job" -}}
{{- $wrong = append $wrong "migrations.mode is job, but the job runs before SQLite's volume is there: set it to init" -}}
{{- end -}}
{{- else if and .Values.store.url.value (not (hasPrefix "postgresql+asyncpg://" .Values.store.url.value)) -}}
{{- $wrong = append $wrong "store.url should begin with postgresql+asyncpg://, since store.kind is postgresql" -}}
{{- end -}}
{{- $lease := dig "delivery" "lease" "60s" .Values.config -}}
{{- $needed := add (include "stripe-chat-bridge.seconds" $lease) .Values.preStopSleepSeconds -}}
{{- if le (int64 .Values.terminationGracePeriodSeconds) $needed -}}
{{- $wrong = append $wrong (printf "terminationGracePeriodSeconds is %d, and should be more than %d: config.delivery.lease (%s) and preStopSleepSeconds together" (int .Values.terminationGracePeriodSeconds) $needed $lease) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $wrong = append $wrong "ingress.enabled is true, but ingress.hosts is empty: name the host that Stripe calls" -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n\n%s\n" (join "\n" $wrong)) -}}
{{- end -}}
{{- end }}
