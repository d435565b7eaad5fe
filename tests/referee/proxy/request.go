package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// A request as rules see it.
type request struct {
	verb string
	path string
	kind string
	sent *glimpse
}

// watchOfEtcd is the stream on which etcd tells changes.
const watchOfEtcd = "/etcdserverpb.Watch/Watch"

var verbs = map[string]string{"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}

func read(r *http.Request) *request {
	if r.URL.Path == watchOfEtcd {
		sent := &glimpse{ReadCloser: r.Body}
		r.Body = sent
		return &request{verb: "watch", path: r.URL.Path, sent: sent}
	}
	kind, name := resourceOf(r.URL.Path)
	one := &request{path: r.URL.Path, kind: kind, verb: verbs[r.Method]}
	switch {
	case one.verb != "":
	case r.URL.Query().Get("watch") == "true":
		one.verb = "watch"
	case name == "":
		one.verb = "list"
	default:
		one.verb = "get"
	}
	return one
}

func (one *request) isWrite() bool {
	return one.verb == "create" || one.verb == "update" || one.verb == "patch" || one.verb == "delete"
}

// resource is that of the path; on etcd's streams that of the first key that is asked for.
func (one *request) resource() string {
	if one.sent != nil {
		return one.sent.resource()
	}
	return one.kind
}

// resourceOf reads /api/v1/namespaces/default/pods/web/status as pods/status and web.
func resourceOf(path string) (string, string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return "", ""
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	parts = append(parts, "", "", "")
	if parts[2] != "" {
		return parts[0] + "/" + parts[2], parts[1]
	}
	return parts[0], parts[1]
}

// glimpse keeps the beginning of what a client sends.
type glimpse struct {
	io.ReadCloser
	mutex sync.Mutex
	seen  []byte
}

// enough is more than one request for a watch.
const enough = 512

var registry = regexp.MustCompile(`/registry/([a-z.]+)/`)

func (own *glimpse) Read(into []byte) (int, error) {
	count, err := own.ReadCloser.Read(into)
	own.mutex.Lock()
	defer own.mutex.Unlock()
	if len(own.seen) < enough {
		own.seen = append(own.seen, into[:count]...)
	}
	return count, err
}

func (own *glimpse) resource() string {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	if found := registry.FindSubmatch(own.seen); found != nil {
		return string(found[1])
	}
	return ""
}
