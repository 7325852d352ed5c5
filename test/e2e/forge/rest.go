package forge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"slices"
	"strings"
)

// Pulls are the pull requests of a repository.
func (f *Forge) Pulls(repository string) []Pull {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []Pull
	for _, p := range f.pulls {
		if p.Repository == repository {
			found = append(found, p)
		}
	}
	return found
}

// Calls are the REST calls that came, each METHOD PATH.
func (f *Forge) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// ServeHTTP implements git's smart protocol and, below /api/v3, GitHub's REST API as a GitHub Enterprise server has it.
func (f *Forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/v3/"); ok {
		f.rest(w, r, path)
		return
	}
	if _, password, _ := r.BasicAuth(); password != Token {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	program, err := exec.LookPath("git")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	(&cgi.Handler{Path: program, Args: []string{"http-backend"}, Dir: f.directory, Env: []string{
		"GIT_PROJECT_ROOT=" + f.repositories(), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=octo", "GIT_CONFIG_GLOBAL=/dev/null",
	}}).ServeHTTP(w, r)
}

func (f *Forge) rest(w http.ResponseWriter, r *http.Request, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, r.Method+" "+path)
	parts := strings.Split(path, "/") // repos, owner, name, pulls
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token:
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
	case len(parts) != 4 || parts[0] != "repos" || parts[3] != "pulls":
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	case r.Method == http.MethodGet:
		found := []Pull{}
		for _, p := range f.pulls {
			if p.Repository == parts[1]+"/"+parts[2] && parts[1]+":"+p.Head == r.URL.Query().Get("head") {
				found = append(found, p)
			}
		}
		answer(w, http.StatusOK, found)
	case r.Method == http.MethodPost:
		f.open(w, r, parts[1]+"/"+parts[2])
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]string{"message": "Method Not Allowed"})
	}
}

func (f *Forge) open(w http.ResponseWriter, r *http.Request, repository string) {
	p := Pull{Repository: repository, Number: len(f.pulls) + 1}
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil || p.Head == "" || p.Base == "" {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"})
		return
	}
	p.URL = fmt.Sprintf("%s/%s/pull/%d", f.URL, repository, p.Number)
	f.pulls = append(f.pulls, p)
	answer(w, http.StatusCreated, p)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever hung up needs no answer
}
