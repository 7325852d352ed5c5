// Package settings says how agents in containers come to a forge and a model of one's own: what a user would write for a GitHub and
// a gateway to the model inside a company. The tests of real agents and the demo use the same.
package settings

import "fmt"

const agent = `
agent:
  image: {repository: localhost/runfleet-agent, tag: "1", pullPolicy: Never}
  env:
  - {name: ANTHROPIC_BASE_URL, value: "%s"}
  - {name: GITHUB_API_URL, value: "%s/api/v3"}
  - {name: GIT_SSL_CAINFO, value: /config/ca.crt}
  - {name: CURL_CA_BUNDLE, value: /config/ca.crt}
  - {name: CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, value: "1"}
  - {name: CLAUDE_CODE_MAX_RETRIES, value: "1"}
`

// Agent is the part of the operator's configuration that says which image agents have, and where model and forge are.
func Agent(model, forge string) string { return fmt.Sprintf(agent, model, forge) }

// Templates are the user's own that let agents trust the forge: its certificate authority, and the key of its SSH server.
func Templates(ca, knownHosts []byte) map[string]string {
	return map[string]string{"shared_ca.crt.hbs": string(ca), "shared_known-hosts.hbs": string(knownHosts)}
}

// Telemetry is the part that makes agents tell of themselves to an OTLP receiver.
func Telemetry(endpoint string) string {
	return fmt.Sprintf("telemetry: {enabled: true, otlpEndpoint: %[1]q, otlpProtocol: http, logsEndpoint: %[1]q, logsProtocol: http, "+
		"tracesEndpoint: %[1]q, tracesProtocol: http}\n", endpoint)
}
