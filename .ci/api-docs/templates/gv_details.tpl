{{- define "gvDetails" -}}
{{- $gv := . -}}
| kind | in `{{ $gv.GroupVersionString }}` |
|---|---|
{{- range $gv.SortedKinds }}
{{- $kind := $gv.TypeForKind . }}
| [{{ $kind.Name }}](#{{ lower $kind.Name }}) | {{ splitList "." $kind.Doc | first }} |
{{- end }}
{{ range $gv.SortedKinds }}
{{ template "type" ($gv.TypeForKind .) }}
{{- end }}
## What they are made of
{{ range $gv.SortedTypes }}
{{- if not .GVK }}
{{ template "type" . }}
{{- end }}
{{- end }}
{{- end -}}
