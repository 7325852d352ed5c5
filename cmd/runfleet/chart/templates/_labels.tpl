{{- /* The labels stand where their lines are indented by four, so that nothing has to indent them. */ -}}
{{- define "runfleet.labels" }}
    app.kubernetes.io/name: runfleet
    app.kubernetes.io/instance: {{ toJson .Release.Name }}
    app.kubernetes.io/managed-by: {{ toJson .Release.Service }}
{{- end }}
{{- define "runfleet.selector" }}{app.kubernetes.io/name: runfleet, app.kubernetes.io/instance: {{ toJson .Release.Name }}}{{ end }}
{{- define "runfleet.subjects" }}[{kind: ServiceAccount, name: runfleet, namespace: {{ toJson .Release.Namespace }}}]{{ end }}
