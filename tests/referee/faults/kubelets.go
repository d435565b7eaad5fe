package main

import (
	"maps"
	"sync"
	"time"
)

// heartbeat is the time between two signs of life of a node.
const heartbeat = 3 * time.Second

// kubelets play those of all nodes: nodes are ready, pods start at once, and go when they are deleted.
type kubelets struct {
	api    *client
	leases bool
	mutex  sync.Mutex
	// stopped nodes are no longer played.
	stopped map[string]bool
	// completes: pods end with success as soon as they run.
	completes bool
	quit      chan struct{}
	done      chan struct{}
}

func startKubelets(api *client, leases bool) *kubelets {
	own := &kubelets{api: api, leases: leases, stopped: map[string]bool{}, quit: make(chan struct{}), done: make(chan struct{})}
	go own.work()
	return own
}

func (own *kubelets) end() {
	close(own.quit)
	<-own.done
}

func (own *kubelets) stop(node string) {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	own.stopped[node] = true
}

// complete has pods end with success from now on.
func (own *kubelets) complete() {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	own.completes = true
}

func (own *kubelets) settings() (map[string]bool, bool) {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	return maps.Clone(own.stopped), own.completes
}

func (own *kubelets) work() {
	defer close(own.done)
	var last time.Time
	for {
		select {
		case <-own.quit:
			return
		case <-time.After(pause / 2):
		}
		stopped, completes := own.settings()
		isDue := time.Since(last) > heartbeat
		// What fails, since something else changed the object, is done at the next look.
		if own.lookAtNodes(stopped, isDue) == nil && isDue {
			last = time.Now()
		}
		_ = own.lookAtPods(stopped, completes)
	}
}

func (own *kubelets) lookAtNodes(stopped map[string]bool, isDue bool) error {
	var nodes list[node]
	if err := own.api.get("/api/v1/nodes", &nodes); err != nil {
		return err
	}
	for _, one := range nodes.Items {
		isNew := one.ready() == ""
		if stopped[one.Metadata.Name] || !isDue && !isNew {
			continue
		}
		if err := own.beat(one, isNew); err != nil {
			return err
		}
	}
	return nil
}

// beat says that a node lives: a status where it is new, has changed or nothing else tells, and a lease.
func (own *kubelets) beat(one node, isNew bool) error {
	if !own.leases || isNew {
		ready := map[string]any{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
		if isNew {
			ready["lastTransitionTime"] = now()
		}
		status := map[string]any{"status": map[string]any{"conditions": []any{ready}}}
		if err := own.api.do("PATCH", "/api/v1/nodes/"+one.Metadata.Name+"/status", status, nil); err != nil {
			return err
		}
	}
	if !own.leases {
		return nil
	}
	return own.renew(one.Metadata.Name, isNew)
}

const leasesPath = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

// renew does so with the lease of a node, and makes one if it is new.
func (own *kubelets) renew(node string, isNew bool) error {
	renewed := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	spec := map[string]any{"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": renewed}
	lease := map[string]any{"metadata": map[string]any{"name": node}, "spec": spec}
	if isNew {
		return own.api.do("POST", leasesPath, lease, nil)
	}
	return own.api.do("PATCH", leasesPath+"/"+node, lease, nil)
}

func (own *kubelets) lookAtPods(stopped map[string]bool, completes bool) error {
	var pods list[pod]
	if err := own.api.get(podsPath, &pods); err != nil {
		return err
	}
	for _, one := range pods.Items {
		if one.Spec.NodeName == "" || stopped[one.Spec.NodeName] {
			continue
		}
		path := podsPath + "/" + one.Metadata.Name
		switch {
		case one.isTerminating():
			if !one.hasEnded() {
				_ = own.api.do("PATCH", path+"/status", ended(one, "Failed", 137), nil)
			}
			_ = own.api.do("DELETE", path, map[string]any{"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}, nil)
		case one.Status.Phase == "Pending":
			_ = own.api.do("PATCH", path+"/status", started(one), nil)
		case one.Status.Phase == "Running" && completes:
			_ = own.api.do("PATCH", path+"/status", ended(one, "Succeeded", 0), nil)
		}
	}
	return nil
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func conditions(status string, kinds ...string) []any {
	all := []any{}
	for _, kind := range kinds {
		all = append(all, map[string]any{"type": kind, "status": status, "lastTransitionTime": now()})
	}
	return all
}

func containerStatus(one container, state map[string]any) map[string]any {
	_, runs := state["running"]
	return map[string]any{
		"name": one.Name, "image": one.Image, "imageID": "", "restartCount": 0, "ready": runs, "started": runs, "state": state,
	}
}

func running() map[string]any { return map[string]any{"running": map[string]any{"startedAt": now()}} }

func terminated(code int) map[string]any {
	return map[string]any{"terminated": map[string]any{"exitCode": code, "startedAt": now(), "finishedAt": now()}}
}

// started is the status of a pod whose containers run.
func started(one pod) map[string]any {
	containers := []any{}
	for _, own := range one.Spec.Containers {
		containers = append(containers, containerStatus(own, running()))
	}
	return map[string]any{"status": map[string]any{
		"phase": "Running", "startTime": now(), "hostIP": "127.0.0.1", "podIP": "10.0.0.1",
		"conditions":        conditions("True", "Initialized", "ContainersReady", "Ready"),
		"containerStatuses": containers,
	}}
}

// ended is the status of a pod whose containers have ended.
func ended(one pod, phase string, code int) map[string]any {
	containers := []any{}
	for _, own := range one.Spec.Containers {
		containers = append(containers, containerStatus(own, terminated(code)))
	}
	return map[string]any{"status": map[string]any{
		"phase": phase, "conditions": conditions("False", "ContainersReady", "Ready"), "containerStatuses": containers,
	}}
}
