package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A setting is a proxy before a server that counts what takes effect, and whose watches tell a line for each string sent.
type setting struct {
	rules   *rules
	proxy   *httptest.Server
	effects atomic.Int32
	changes chan string
}

func set(t *testing.T) *setting {
	own := &setting{rules: newRules(), changes: make(chan string)}
	upstream := httptest.NewUnstartedServer(own)
	upstream.Config.Protocols = protocols()
	upstream.Start()
	through, err := newThrough(own.rules, upstream.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	own.proxy = httptest.NewServer(through)
	t.Cleanup(func() {
		own.proxy.CloseClientConnections()
		upstream.CloseClientConnections()
	})
	return own
}

func (own *setting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		own.effects.Add(1)
		return
	}
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	for {
		select {
		case change := <-own.changes:
			fmt.Fprintln(w, change)
			_ = flush.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (own *setting) rule(t *testing.T, do, verb, resource string, nth int) *rule {
	one := &rule{Do: do, Verb: verb, Resource: resource, Nth: nth}
	if err := own.rules.add(one); err != nil {
		t.Fatal(err)
	}
	return one
}

const podsPath = "/api/v1/namespaces/default/pods"

// create sends a request for a pod, and returns the answer's status; 0 if there is none.
func (own *setting) create() int {
	answer, err := http.Post(own.proxy.URL+podsPath, "application/json", strings.NewReader("{}"))
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func (own *setting) expect(t *testing.T, status, effects int) {
	t.Helper()
	if got := own.create(); got != status {
		t.Errorf("answered %d, not %d", got, status)
	}
	if got := int(own.effects.Load()); got != effects {
		t.Errorf("%d took effect, not %d", got, effects)
	}
}

func TestTheNthAnswerIsLost(t *testing.T) {
	own := set(t)
	own.rule(t, loseAnswer, "create", "pods", 2)
	own.expect(t, 200, 1)
	own.expect(t, 0, 2)
	own.expect(t, 200, 3)
}

func TestTheNthRequestIsLost(t *testing.T) {
	own := set(t)
	own.rule(t, loseRequest, "write", "pods", 1)
	own.expect(t, 0, 0)
	own.expect(t, 200, 1)
}

func TestAConflictHasNoEffect(t *testing.T) {
	own := set(t)
	own.rule(t, conflict, "create", "pods", 1)
	own.expect(t, 409, 0)
	own.expect(t, 200, 1)
}

func TestNothingPassesAfterACut(t *testing.T) {
	own := set(t)
	one := own.rule(t, cut, "create", "pods", 1)
	own.expect(t, 0, 1)
	own.expect(t, 0, 1)
	own.rules.end(one.ID)
	own.expect(t, 200, 2)
}

func TestAHeldRequestGoesOnLater(t *testing.T) {
	own := set(t)
	one := own.rule(t, hold, "create", "pods", 1)
	time.AfterFunc(50*time.Millisecond, func() { own.rules.end(one.ID) })
	own.expect(t, 200, 1)
}

func TestAStalledWatchTellsLater(t *testing.T) {
	own := set(t)
	answer, err := http.Get(own.proxy.URL + podsPath + "?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	own.changes <- "before"
	if line, err := lines.ReadString('\n'); err != nil || line != "before\n" {
		t.Fatal(line, err)
	}
	one := own.rule(t, stall, "watch", "pods", 0)
	told := make(chan string)
	go func() {
		line, _ := lines.ReadString('\n')
		told <- line
	}()
	own.changes <- "meanwhile"
	select {
	case line := <-told:
		t.Fatal("told while stalled:", line)
	case <-time.After(100 * time.Millisecond):
	}
	own.expect(t, 200, 1)
	own.rules.end(one.ID)
	if line := <-told; line != "meanwhile\n" {
		t.Error(line)
	}
}

func TestResources(t *testing.T) {
	for path, wanted := range map[string][2]string{
		"/api/v1/nodes":                                                  {"nodes", ""},
		"/api/v1/nodes/a/status":                                         {"nodes/status", "a"},
		"/api/v1/namespaces/default":                                     {"namespaces", "default"},
		"/api/v1/namespaces/default/pods/web":                            {"pods", "web"},
		"/apis/apps/v1/namespaces/default/deployments/web/scale":         {"deployments/scale", "web"},
		"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases": {"leases", ""},
		"/readyz": {"", ""},
	} {
		if kind, name := resourceOf(path); kind != wanted[0] || name != wanted[1] {
			t.Errorf("%s: %s %s", path, kind, name)
		}
	}
}

func TestEtcdsWatchesAreKnownByTheirKeys(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, watchOfEtcd, strings.NewReader("\x0a\x10/registry/pods/\x12"))
	one := read(r)
	if one.resource() != "" {
		t.Error("known before anything was sent")
	}
	if _, err := io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	if one.verb != "watch" || one.resource() != "pods" || one.isWrite() {
		t.Error(one.verb, one.resource())
	}
}
