// Package elasticsearch stands for Elasticsearch's client where Jaeger imports it: the real one is 847 packages, a third of what
// would be compiled, and what is stored in memory calls none of them.
package elasticsearch

import (
	"errors"
	"net/http"

	"github.com/elastic/go-elasticsearch/v9/esapi"
)

// Config is what Jaeger sets of a client's.
type Config struct {
	Addresses                                 []string
	Username, Password                        string
	DiscoverNodesOnStart, CompressRequestBody bool
	Header                                    http.Header
	Transport                                 http.RoundTripper
}

// Client is none.
type Client struct{ Indices *esapi.Indices }

// NewClient refuses.
func NewClient(Config) (*Client, error) {
	return nil, errors.New("this Jaeger is built without Elasticsearch")
}
