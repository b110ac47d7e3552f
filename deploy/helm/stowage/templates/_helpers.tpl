{{- define "stowage.labels" -}}
app.kubernetes.io/name: stowage
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "stowage.selector" -}}
app.kubernetes.io/name: stowage
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Whether callers come over TLS. */}}
{{- define "stowage.tls" -}}
{{- if and (eq .Values.mode "standalone") (ne .Values.tls.source "none") }}true{{ end }}
{{- end }}

{{- define "stowage.tlsSecret" -}}
{{- if eq .Values.tls.source "existing" }}{{ required "tls.existingSecret: expected the name of a Secret, was empty" .Values.tls.existingSecret }}{{ else }}stowage-tls{{ end }}
{{- end }}

{{/* Stowage's settings: what the chart knows, and over it the values below `config`. */}}
{{- define "stowage.config" -}}
{{- $mode := ternary "kube-scheduler" "lease" (eq .Values.mode "sidecar") }}
{{- $leadership := dict "mode" $mode "leaseNamespace" .Release.Namespace "fence" (dict "namespace" .Release.Namespace) }}
{{- $known := dict "leadership" $leadership "http" (dict "healthHost" "0.0.0.0" "healthPort" 8889) }}
{{- if include "stowage.tls" . }}
{{- $_ := set $known "host" "0.0.0.0" }}
{{- $_ := set $known "tls" (dict "certFile" "/tls/tls.crt" "keyFile" "/tls/tls.key" "clientCaFile" "/tls/ca.crt") }}
{{- end }}
{{- mergeOverwrite $known (deepCopy .Values.config) | toYaml }}
{{- end }}

{{- define "stowage.fence" -}}
{{- $leadership := (include "stowage.config" . | fromYaml).leadership }}
{{- $fence := $leadership.fence | default dict }}
{{- if and (ne .Values.mode "observe") (hasKey $fence "enabled" | ternary $fence.enabled (ne $leadership.mode "none")) }}true{{ end }}
{{- end }}

{{/* Whether the page listens on more than loopback. */}}
{{- define "stowage.pageOpen" -}}
{{- $page := (include "stowage.config" . | fromYaml).page | default dict }}
{{- $host := $page.host | default "127.0.0.1" }}
{{- if and (ne .Values.mode "observe") (dig "enabled" true $page) (not (or (hasPrefix "127." $host) (eq $host "localhost") (eq $host "::1"))) }}true{{ end }}
{{- end }}
