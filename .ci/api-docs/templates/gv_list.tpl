{{- define "gvList" -}}
# API reference

<!-- `make generate-docs` writes this page from the comments in api/v1. -->
Every field of the three kinds, and what the operator writes into their status. Besides the limits below the API server
checks rules that relate fields to each other; its message says what to write instead. `kubectl explain coderun.spec` prints the same comments, for what your hub has.
{{ range . }}
{{ template "gvDetails" . }}
{{- end }}
{{- end -}}
