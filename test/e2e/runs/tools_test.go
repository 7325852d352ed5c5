//go:build e2e

package runs

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// toolServer is an MCP server with one tool, lookup, over HTTP.
type toolServer struct {
	url string // "" until it serves

	mu     sync.Mutex
	lookup []string // what was looked up
}

// startTools serves where the pods of both members come.
func startTools() *toolServer {
	GinkgoHelper()
	listener, err := net.Listen("tcp", east.Outside()+":0")
	Expect(err).NotTo(HaveOccurred())
	t := &toolServer{url: "http://" + listener.Addr().String() + "/mcp"}
	server := &http.Server{Handler: t, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	DeferCleanup(server.Close)
	return t
}

func (t *toolServer) looked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.lookup...)
}

// ServeHTTP answers each message by itself, as MCP's streamable HTTP transport permits; nothing is ever sent unasked.
func (t *toolServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params struct {
			ProtocolVersion string            `json:"protocolVersion"`
			Arguments       map[string]string `json:"arguments"`
		} `json:"params"`
	}
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(q.ID) == 0 { // a notification
		w.WriteHeader(http.StatusAccepted)
		return
	}
	type object = map[string]any
	result := object{}
	switch q.Method {
	case "initialize":
		result = object{
			"protocolVersion": q.Params.ProtocolVersion, "capabilities": object{"tools": object{}},
			"serverInfo": object{"name": "e2e", "version": "1"},
		}
	case "tools/list":
		result["tools"] = []object{{"name": "lookup", "description": "Looks a word up.", "inputSchema": object{
			"type": "object", "properties": object{"word": object{"type": "string"}}, "required": []string{"word"},
		}}}
	case "tools/call":
		t.mu.Lock()
		t.lookup = append(t.lookup, q.Params.Arguments["word"])
		t.mu.Unlock()
		result["content"] = []object{{"type": "text", "text": "the meaning of " + q.Params.Arguments["word"]}}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object{"jsonrpc": "2.0", "id": q.ID, "result": result}) // whoever hung up needs no answer
}
