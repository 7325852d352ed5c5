package bed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/discovery"
)

// Canaries are secrets that must never be seen, by what they are.
type Canaries map[string][]byte

// Canary is a secret with bytes that are known, and that JSON, URLs and Go each write in another way.
func Canary(what string) []byte {
	return []byte("c4n4ry<&>\"'\\%/+=" + what + "\u00e9\u2028-0123456789")
}

// Forms are all ways in which the bytes of a secret may be written.
func Forms(secret []byte) map[string]string {
	quoted := func(v any) string {
		text, err := json.Marshal(v)
		utilruntime.Must(err)
		return strings.Trim(string(text), `"`)
	}
	var literal bytes.Buffer
	encoder := json.NewEncoder(&literal)
	encoder.SetEscapeHTML(false)
	utilruntime.Must(encoder.Encode(string(secret)))
	plain := strings.Trim(strings.TrimSpace(literal.String()), `"`)
	all := map[string]string{
		"as they are": string(secret), "in JSON": quoted(string(secret)), "in JSON within JSON": quoted(quoted(string(secret))),
		"in JSON without care for HTML": plain, "in JSON as JavaScript writes it": strings.ReplaceAll(plain, `\u2028`, "\u2028"),
		"in Go": strings.Trim(fmt.Sprintf("%q", secret), `"`), "in ASCII": strings.Trim(fmt.Sprintf("%+q", secret), `"`),
		"in a query": url.QueryEscape(string(secret)), "in a path": url.PathEscape(string(secret)), "in hex": hex.EncodeToString(secret),
		"as numbers": strings.Trim(fmt.Sprintf("%d", secret), "[]"),
	}
	for i := range 3 { // base64 depends on what stands before: what it makes of the bytes in the middle is one of three
		text := base64.StdEncoding.EncodeToString(slices.Concat(make([]byte, i), secret))
		inner := text[4 : len(text)-4]
		all[fmt.Sprintf("in base64 after %d bytes", i)] = inner
		all[fmt.Sprintf("in the base64 of URLs after %d bytes", i)] = strings.NewReplacer("+", "-", "/", "_").Replace(inner)
	}
	return all
}

// In says which canaries a text holds, and how they are written.
func (c Canaries) In(where, text string) []string {
	var found []string
	for what, secret := range c {
		for how, form := range Forms(secret) {
			if strings.Contains(text, form) {
				found = append(found, fmt.Sprintf("%s holds %s, %s", where, what, how))
			}
		}
	}
	slices.Sort(found)
	return found
}

// Everything is every object of every kind that a cluster serves, apart from Secrets, by its name.
func Everything(ctx context.Context, c *Cluster) (map[string]string, error) {
	d, err := discovery.NewDiscoveryClientForConfig(c.Admin)
	if err != nil {
		return nil, err
	}
	lists, err := d.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("asking %s what it serves: %w", c.Name(), err)
	}
	all := map[string]string{}
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, kind := range list.APIResources {
			if !slices.Contains(kind.Verbs, "list") || kind.Name == "secrets" {
				continue
			}
			objects := &unstructured.UnstructuredList{}
			objects.SetGroupVersionKind(group.WithKind(kind.Kind + "List"))
			if err := c.List(ctx, objects); err != nil {
				return nil, fmt.Errorf("listing %s of %s: %w", kind.Name, c.Name(), err)
			}
			for _, o := range objects.Items {
				text, err := json.Marshal(o.Object)
				if err != nil {
					return nil, err
				}
				all[fmt.Sprintf("%s: %s %s/%s", c.Name(), kind.Kind, o.GetNamespace(), o.GetName())] = string(text)
			}
		}
	}
	return all, nil
}
