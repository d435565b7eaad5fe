package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// through passes requests on, as rules let it.
type through struct {
	rules    *rules
	upstream atomic.Pointer[url.URL]
	proxy    *httputil.ReverseProxy
}

func newThrough(rules *rules, upstream string, secured *tls.Config) (*through, error) {
	own := &through{rules: rules}
	if err := own.sendTo(upstream); err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 100, TLSClientConfig: secured, ForceAttemptHTTP2: true}
	if secured == nil {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	own.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(own.upstream.Load()) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	return own, nil
}

func (own *through) sendTo(upstream string) error {
	parsed, err := url.Parse(upstream)
	if err == nil {
		own.upstream.Store(parsed)
	}
	return err
}

func (own *through) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one := read(r)
	met := own.rules.met(one)
	if one.isWrite() {
		done := "passed"
		if met != nil {
			done = met.Do
		}
		now := time.Now().Format("15:04:05.000")
		own.rules.note(fmt.Sprintf("%s %s %s %s", now, one.verb, one.path, done))
	}
	if met == nil {
		own.pass(w, r, one)
		return
	}
	switch met.Do {
	case hold:
		wait(r, met.ended)
		if r.Context().Err() == nil {
			own.pass(w, r, one)
		}
	case conflict:
		refuse(w)
	case loseAnswer, cut:
		own.proxy.ServeHTTP(nowhere{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

// pass lets a request through, and its answer when nothing stalls it.
func (own *through) pass(w http.ResponseWriter, r *http.Request, one *request) {
	slow := &stalled{ResponseWriter: w, rules: own.rules, r: r, one: one}
	own.proxy.ServeHTTP(slow, r)
	slow.wait()
}

// wait ends with the channel, or with the client.
func wait(r *http.Request, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-r.Context().Done():
	}
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409,`+
		`"message":"the object has been modified; please apply your changes to the latest version and try again"}`)
}

// stalled is an answer that waits while a rule stalls it.
type stalled struct {
	http.ResponseWriter
	rules *rules
	r     *http.Request
	one   *request
}

func (own *stalled) wait() {
	for ended := own.rules.stalls(own.one); ended != nil; ended = own.rules.stalls(own.one) {
		wait(own.r, ended)
		if own.r.Context().Err() != nil {
			return
		}
	}
}

func (own *stalled) Write(bytes []byte) (int, error) {
	own.wait()
	return own.ResponseWriter.Write(bytes)
}

// Unwrap lets answers be flushed.
func (own *stalled) Unwrap() http.ResponseWriter { return own.ResponseWriter }

// nowhere takes an answer that nobody gets.
type nowhere struct{ header http.Header }

func (own nowhere) Header() http.Header             { return own.header }
func (own nowhere) Write(bytes []byte) (int, error) { return len(bytes), nil }
func (own nowhere) WriteHeader(int)                 {}
