// A proxy between a controller and an API server, or between an API server and etcd, which does on command what networks
// and machines do by accident:
//
//	proxy --listen PORT --control PORT --upstream URL [--ca FILE --certificate FILE --key FILE]
//
// The control port speaks HTTP and JSON:
//
//	POST /rules        adds a rule and answers with it; see rule.go
//	GET /rules         all rules, with what they have met
//	DELETE /rules/ID   ends a rule: what it holds back goes on
//	PUT /upstream      {"url": URL}: requests that come from now on go there
//	GET /requests      the requests so far that are no reads
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	listen := flag.Int("listen", 0, "port of the proxy")
	control := flag.Int("control", 0, "port that takes commands")
	upstream := flag.String("upstream", "", "where requests go")
	ca := flag.String("ca", "", "certificate of who signs upstream's")
	certificate := flag.String("certificate", "", "certificate shown to upstream")
	key := flag.String("key", "", "its key")
	flag.Parse()
	secured, err := credentials(*ca, *certificate, *key)
	if err != nil {
		log.Fatal(err)
	}
	rules := newRules()
	through, err := newThrough(rules, *upstream, secured)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.ListenAndServe(address(*control), newControl(rules, through))) }()
	server := &http.Server{Addr: address(*listen), Handler: through, Protocols: protocols()}
	log.Fatal(server.ListenAndServe())
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// protocols are those of API servers' clients and of etcd's.
func protocols() *http.Protocols {
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	return both
}

func credentials(ca, certificate, key string) (*tls.Config, error) {
	if ca == "" {
		return nil, nil
	}
	signer, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(signer)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, nil
}
