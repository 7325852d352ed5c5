// Package esapi has what Jaeger calls of Elasticsearch.
package esapi

import "io"

// Indices are none.
type Indices struct {
	PutIndexTemplate func(name string, body io.Reader) (*Response, error)
}

// Response never comes.
type Response struct {
	StatusCode int
	Body       io.ReadCloser
}
