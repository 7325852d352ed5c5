package chart

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheHeadersForTheCollectorComeFromASecretOrAreNotThere(t *testing.T) {
	const variable = `{"name":"OTEL_EXPORTER_OTLP_HEADERS","valueFrom":{"secretKeyRef":{"key":"headers","name":"otlp"}}}`
	for settings, want := range map[string]int{
		"otlp.endpoint=https://otlp.example.com":           0,
		"otlp.headersSecret={}":                            0,
		"otlp.headersSecret={name: otlp, key: headers}":    1,
		"otlp={headersSecret: {name: otlp, key: headers}}": 1,
	} {
		values, err := Values([][]byte{[]byte("image: runfleet:1\nconfig: {agent: {image: {repository: agent, tag: \"1\"}}}\n")}, []string{settings})
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Render(Release{Name: "runfleet", Namespace: "runfleet-system", Service: "Helm"}, values)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			text, err := toJSON(o)
			if err != nil {
				t.Fatal(err)
			}
			named, is := strings.Count(text, "OTLP_HEADERS"), strings.Count(text, variable)
			if o["kind"] == "Deployment" && (named != want || is != want) || o["kind"] != "Deployment" && named > 0 {
				t.Errorf("%s: %v has %d of them", settings, fmt.Sprint(o["kind"]), is)
			}
		}
	}
}
