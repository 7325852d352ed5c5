package render

import (
	"net/url"
	"strings"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	corev1 "k8s.io/api/core/v1"
)

const resourceAttributes = "OTEL_RESOURCE_ATTRIBUTES"

// traceVariables make the agent's own spans children of its attempt's, if it exports some. The status records the trace
// before the attempt is out and never while it is, so that a Job comes out the same again.
func (a subject) traceVariables() []corev1.EnvVar {
	c, ok := story.ForAttempt(a.run.GetUID(), *a.run.RunStatus(), a.entry.Number)
	if !ok {
		return nil
	}
	return []corev1.EnvVar{literal("TRACEPARENT", c.String())}
}

// telemetryResource says of which attempt whatever the agent exports is: what is not joined by its parent can be found by
// that. Others may add to it. Where keys meet, ours win, then the configuration's.
func (a subject) telemetryResource() corev1.EnvVar {
	entries := attributes(story.ResourceOf(a.run.GetUID(), a.entry.Number))
	known := map[string]bool{}
	for _, e := range entries {
		known[key(e)] = true
	}
	others := []string{a.Env[resourceAttributes]}
	if a.code != nil {
		others = append(others, string(a.code.Env[resourceAttributes]))
	}
	for _, text := range others {
		for _, e := range attributes(text) {
			if !known[key(e)] {
				known[key(e)] = true
				entries = append(entries, e)
			}
		}
	}
	return literal(resourceAttributes, strings.Join(entries, ","))
}

// attributes are the entries of a list of attributes; none where one of them is no key=value, since readers may give up a
// list at its first mistake, and ours with it.
func attributes(list string) []string {
	if list == "" {
		return nil
	}
	entries := strings.Split(list, ",")
	for i, e := range entries {
		entries[i] = strings.TrimSpace(e)
		_, value, pair := strings.Cut(entries[i], "=")
		_, err := url.PathUnescape(value) // the standard has values so
		if key(e) == "" || !pair || err != nil || strings.ContainsAny(key(e)+value, " =\"\\;") {
			return nil
		}
	}
	return entries
}

func key(entry string) string {
	k, _, _ := strings.Cut(entry, "=")
	return strings.TrimSpace(k)
}

// view has whole URLs. The agent takes the URL of one signal as it is, so a collector's, without a path, gets the standard's
// path of the signal where it is spoken to by HTTP.
func (t Telemetry) view() telemetryView {
	v := telemetryView(t)
	v.OTLPEndpoint = signalURL(t.OTLPEndpoint, t.OTLPProtocol, "/v1/metrics")
	v.LogsEndpoint = signalURL(t.LogsEndpoint, t.LogsProtocol, "/v1/logs")
	v.TracesEndpoint = signalURL(t.TracesEndpoint, t.TracesProtocol, "/v1/traces")
	return v
}

func signalURL(endpoint, protocol, path string) string {
	u, err := url.Parse(endpoint)
	if err != nil || endpoint == "" || !strings.HasPrefix(protocol, "http/") || strings.Trim(u.Path, "/") != "" {
		return endpoint
	}
	u.Path = path
	return u.String()
}
