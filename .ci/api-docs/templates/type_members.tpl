{{- define "type_members" -}}
{{- /* One line: whether it is required, its default and its limits. */ -}}
{{- $said := list -}}
{{- range .Validation -}}
{{- if hasPrefix "Required" . -}}{{- $said = append $said "required" -}}
{{- else if or (hasPrefix "Optional" .) (hasPrefix "Type:" .) (hasPrefix "Schemaless" .) -}}
{{- else -}}{{- $said = append $said (markdownRenderFieldDoc .) -}}{{- end -}}
{{- end -}}
{{- $default := markdownRenderDefault .Default -}}
{{- if $default -}}{{- $said = append $said (printf "default %s" $default) -}}{{- end -}}
{{- join ", " $said -}}
{{- end -}}
