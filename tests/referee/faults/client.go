package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A client speaks JSON with a server on loopback.
type client struct {
	base string
	http *http.Client
}

func newClient(port int) *client {
	return &client{fmt.Sprintf("http://127.0.0.1:%d", port), &http.Client{Timeout: 30 * time.Second}}
}

// do sends a request, and reads the answer into a value, if there is one.
func (own *client) do(method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, own.base+path, sent)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/strategic-merge-patch+json")
	}
	answer, err := own.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

func (own *client) get(path string, into any) error { return own.do(http.MethodGet, path, nil, into) }

// A proxy takes commands; see tests/referee/proxy.
type proxy struct{ client *client }

// A rule is one that has not ended.
type rule struct {
	ID       int    `json:"id"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Nth      int    `json:"nth"`
	Do       string `json:"do"`
	Fired    int    `json:"fired"`
}

func newProxy(port int) *proxy { return &proxy{newClient(port)} }

// rule adds one: it does something to the nth request of a verb and a resource, or with 0 to each.
func (c *cluster) rule(at *proxy, do, verb, resource string, nth int) rule {
	var added rule
	wanted := rule{Verb: verb, Resource: resource, Nth: nth, Do: do}
	c.must(at.client.do(http.MethodPost, "/rules", wanted, &added))
	c.note("%s %s %s", do, verb, resource)
	return added
}

// lift ends a rule.
func (c *cluster) lift(at *proxy, one rule) {
	c.must(at.client.do(http.MethodDelete, fmt.Sprintf("/rules/%d", one.ID), nil, nil))
	c.note("no more: %s %s %s", one.Do, one.Verb, one.Resource)
}

// hasFired says whether a rule has met what it is for.
func (c *cluster) hasFired(at *proxy, one rule) bool {
	var active []rule
	c.must(at.client.get("/rules", &active))
	for _, own := range active {
		if own.ID == one.ID {
			return own.Fired > 0
		}
	}
	return false
}

// meeting does something and waits until a rule has met what it is for; without the fault it only does it.
func (c *cluster) meeting(wanted rule, isFaulty bool, told string, act func()) {
	if !isFaulty {
		act()
		return
	}
	added := c.rule(c.through, wanted.Do, wanted.Verb, wanted.Resource, wanted.Nth)
	act()
	c.until(told, func() bool { return c.hasFired(c.through, added) })
}

// sendTo has the proxy send requests to another server from now on.
func (c *cluster) sendTo(at *proxy, port int) {
	to := map[string]string{"url": fmt.Sprintf("https://127.0.0.1:%d", port)}
	c.must(at.client.do(http.MethodPut, "/upstream", to, nil))
}
