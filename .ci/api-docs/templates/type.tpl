{{- define "type" -}}
{{- $type := . -}}
{{- if markdownShouldRenderType $type -}}
{{ if $type.GVK }}## {{ else }}### {{ end }}{{ $type.Name }}
{{ if $type.IsAlias -}}
A {{ markdownRenderTypeLink $type.UnderlyingType }}.{{ if $type.Validation }} {{ join ", " $type.Validation }}.{{ end }}
{{ end -}}
{{ $type.Doc }}
{{ if $type.References }}
In {{ range $i, $r := $type.SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $r }}{{ end }}.
{{ end -}}
{{ if $type.Members }}
| field | limits | meaning |
|---|---|---|
{{ range $type.Members -}}
| `{{ .Name }}`<br />{{ markdownRenderType .Type }} | {{ template "type_members" . }} | {{ if eq .Name "metadata" }}of every object of Kubernetes{{ else }}{{ markdownRenderFieldDoc .Doc | replace "<br />" " " }}{{ end }} |
{{ end -}}
{{ end -}}
{{- $explained := false -}}
{{- range $type.EnumValues }}{{ if .Doc }}{{ $explained = true }}{{ end }}{{ end -}}
{{ if $explained }}
| value | meaning |
|---|---|
{{ range $type.EnumValues -}}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc | replace "<br />" " " }} |
{{ end -}}
{{ end -}}
{{ end -}}
{{- end -}}
