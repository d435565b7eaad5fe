// Stands in for metrics-server: metrics PROXY-PORT PORT CERTIFICATE KEY serves metrics.k8s.io. What pods use stands in the
// ConfigMap `usage` of the namespace default, by their label `app`: `300m` for each pod, or `load 900m` for all ready ones
// together. Without a ConfigMap each container uses what KWOK's annotations `kwok.x-k8s.io/usage-cpu` and `-memory` of its
// pod say.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const base = "/apis/metrics.k8s.io/v1beta1"

type pod struct {
	Metadata struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		DeletionTimestamp *string           `json:"deletionTimestamp"`
	} `json:"metadata"`
	Spec struct {
		Containers []struct {
			Name string `json:"name"`
		} `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase      string `json:"phase"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

func (p pod) isReady() bool {
	for _, condition := range p.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True" && p.Metadata.DeletionTimestamp == nil
		}
	}
	return false
}

func read(address string, into any) error {
	answer, err := http.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
}

// used is what one container of each pod of an app uses, in thousandths.
func used(text string, ready int) (int, error) {
	amount, isShared := strings.CutPrefix(text, "load ")
	value, err := strconv.Atoi(strings.TrimSuffix(amount, "m"))
	if isShared && ready > 0 {
		value /= ready
	}
	return value, err
}

func measure(proxy, selector string) ([]any, error) {
	var all, selected struct{ Items []pod }
	var usage struct{ Data map[string]string }
	path := proxy + "/api/v1/namespaces/default/"
	if err := read(path+"configmaps/usage", &usage); err != nil {
		return nil, err
	}
	if err := read(path+"pods", &all); err != nil {
		return nil, err
	}
	if err := read(path+"pods?labelSelector="+url.QueryEscape(selector), &selected); err != nil {
		return nil, err
	}
	ready := map[string]int{}
	for _, p := range all.Items {
		if p.isReady() {
			ready[p.Metadata.Labels["app"]]++
		}
	}
	now := time.Now().UTC().Format(time.RFC3339)
	items := []any{}
	for _, p := range selected.Items {
		app := p.Metadata.Labels["app"]
		text, isKnown := usage.Data[app]
		annotated, isAnnotated := p.Metadata.Annotations["kwok.x-k8s.io/usage-cpu"]
		if p.Status.Phase != "Running" || !isKnown && !isAnnotated {
			continue
		}
		memory := "1Mi"
		if bytes, has := p.Metadata.Annotations["kwok.x-k8s.io/usage-memory"]; has {
			memory = bytes
		}
		cpu := 0
		if isKnown {
			var err error
			if cpu, err = used(text, ready[app]); err != nil {
				return nil, err
			}
		}
		containers := []any{}
		for number, container := range p.Spec.Containers {
			amount := map[string]string{"cpu": "0", "memory": memory}
			if !isKnown {
				amount["cpu"] = annotated
			} else if number == 0 {
				amount["cpu"] = fmt.Sprintf("%dm", cpu)
			}
			containers = append(containers, map[string]any{"name": container.Name, "usage": amount})
		}
		metadata := map[string]any{"name": p.Metadata.Name, "namespace": p.Metadata.Namespace, "labels": p.Metadata.Labels}
		items = append(items, map[string]any{"metadata": metadata, "timestamp": now, "window": "1s", "containers": containers})
	}
	return items, nil
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("metrics PROXY-PORT PORT CERTIFICATE KEY")
	}
	proxy := "http://127.0.0.1:" + os.Args[1]
	answer := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(body); err != nil {
			log.Print(err)
		}
	}
	http.HandleFunc(base+"/namespaces/default/pods", func(w http.ResponseWriter, r *http.Request) {
		items, err := measure(proxy, r.URL.Query().Get("labelSelector"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, map[string]any{"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": map[string]any{}, "items": items})
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		pods := map[string]any{"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": []string{"get", "list"}}
		answer(w, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1", "resources": []any{pods}})
	})
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:"+os.Args[2], os.Args[3], os.Args[4], nil))
}
