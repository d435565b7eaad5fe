package main

import (
	"fmt"
	"time"
)

type metadata struct {
	Name              string     `json:"name"`
	UID               string     `json:"uid"`
	DeletionTimestamp *time.Time `json:"deletionTimestamp"`
	Generation        int64      `json:"generation"`
}

type condition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

type container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

type pod struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		NodeName   string      `json:"nodeName"`
		Containers []container `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase      string      `json:"phase"`
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

type node struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		Taints []taint `json:"taints"`
	} `json:"spec"`
	Status struct {
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

type taint struct {
	Key       string     `json:"key"`
	Effect    string     `json:"effect"`
	TimeAdded *time.Time `json:"timeAdded"`
}

// A scaled object has replicas: a Deployment, a ReplicaSet or a StatefulSet.
type scaled struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		Replicas int `json:"replicas"`
	} `json:"spec"`
	Status struct {
		Replicas           int   `json:"replicas"`
		UpdatedReplicas    int   `json:"updatedReplicas"`
		ObservedGeneration int64 `json:"observedGeneration"`
	} `json:"status"`
}

// isRolledOut says whether the controller has seen the last change, and all pods are of the last template.
func (s scaled) isRolledOut() bool {
	wanted := s.Spec.Replicas
	return s.Status.ObservedGeneration == s.Metadata.Generation && s.Status.UpdatedReplicas == wanted && s.Status.Replicas == wanted
}

type list[T any] struct {
	Items []T `json:"items"`
}

const (
	podsPath = "/api/v1/namespaces/default/pods"
	appsPath = "/apis/apps/v1/namespaces/default/"
)

func statusOf(conditions []condition, kind string) string {
	for _, one := range conditions {
		if one.Type == kind {
			return one.Status
		}
	}
	return ""
}

func (p pod) isTerminating() bool { return p.Metadata.DeletionTimestamp != nil }
func (p pod) isReady() bool       { return statusOf(p.Status.Conditions, "Ready") == "True" }
func (p pod) hasEnded() bool      { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }

// runs says whether a kubelet has started the pod, which is to stay.
func (p pod) runs() bool { return p.Status.Phase == "Running" && !p.isTerminating() }

func (n node) ready() string { return statusOf(n.Status.Conditions, "Ready") }

// evicts is when the node was tainted so that pods have to leave it.
func (n node) evicts() *time.Time {
	for _, one := range n.Spec.Taints {
		if one.Effect == "NoExecute" {
			return one.TimeAdded
		}
	}
	return nil
}

func (c *cluster) pods() []pod {
	var all list[pod]
	c.must(c.api.get(podsPath, &all))
	return all.Items
}

// count tells pods of which something is so.
func count(pods []pod, isSo func(pod) bool) int {
	found := 0
	for _, one := range pods {
		if isSo(one) {
			found++
		}
	}
	return found
}

// untilRunning waits until so many pods run.
func (c *cluster) untilRunning(pods int) {
	c.until(fmt.Sprintf("pods that run: %d", pods), func() bool { return count(c.pods(), pod.runs) == pods })
}

func (c *cluster) node(name string) node {
	var one node
	c.must(c.api.get("/api/v1/nodes/"+name, &one))
	return one
}

// scaled reads an object of apps/v1, such as deployments/web.
func (c *cluster) scaled(path string) scaled {
	var one scaled
	c.must(c.api.get(appsPath+path, &one))
	return one
}

func (c *cluster) replicaSets() []scaled {
	var all list[scaled]
	c.must(c.api.get(appsPath+"replicasets", &all))
	return all.Items
}

// addNodes makes nodes worker-0 and so on, and waits until pods may go there.
func (c *cluster) addNodes(number int) {
	room := map[string]string{"cpu": "4", "memory": "8Gi", "pods": "110"}
	for at := range number {
		name := fmt.Sprintf("worker-%d", at)
		labels := map[string]string{"kubernetes.io/hostname": name}
		c.must(c.api.do("POST", "/api/v1/nodes", map[string]any{
			"metadata": map[string]any{"name": name, "labels": labels},
			"status":   map[string]any{"capacity": room, "allocatable": room},
		}, nil))
		c.until(name+" is ready", func() bool {
			own := c.node(name)
			return own.ready() == "True" && len(own.Spec.Taints) == 0
		})
	}
}

// stopNodeOf stops the node that a pod of the app is on, and returns both.
func (c *cluster) stopNodeOf(pods []pod) (string, pod) {
	on := pods[0].Spec.NodeName
	c.kubelets.stop(on)
	c.note("%s stops, with pod %s", on, pods[0].Metadata.Name)
	return on, pods[0]
}

// pod reads one, which must be there.
func (c *cluster) pod(uid string) pod {
	for _, one := range c.pods() {
		if one.Metadata.UID == uid {
			return one
		}
	}
	panic(failed{fmt.Errorf("the pod %s is gone", uid)})
}
