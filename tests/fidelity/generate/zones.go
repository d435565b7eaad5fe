package main

import (
	"context"
	"fmt"
	"math/rand"
	"sort"
	"time"
	_ "unsafe"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/kubernetes/pkg/controller/nodelifecycle"
)

//go:linkname monitorNodeHealth k8s.io/kubernetes/pkg/controller/nodelifecycle.(*Controller).monitorNodeHealth
func monitorNodeHealth(controller *nodelifecycle.Controller, ctx context.Context) error

//go:linkname doNoExecuteTaintingPass k8s.io/kubernetes/pkg/controller/nodelifecycle.(*Controller).doNoExecuteTaintingPass
func doNoExecuteTaintingPass(controller *nodelifecycle.Controller, ctx context.Context)

type zoneNode struct {
	// Value of the zone label; empty for none.
	Zone     string `json:"zone"`
	Excluded bool   `json:"excluded"`
}

// Which nodes are ready at first and later, and which have the NoExecute taint then.
type zoneVector struct {
	Nodes []zoneNode  `json:"nodes"`
	Steps [2]zoneStep `json:"steps"`
}

type zoneStep struct {
	NotReady []bool `json:"notReady"`
	Tainted  []bool `json:"tainted"`
}

func zoneVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		nodes := []zoneNode{}
		excluded := pick(random, 0, 0, 20, 60)
		counted := map[string]bool{}
		for range between(random, 1, 7) {
			node := zoneNode{pick(random, "a", "a", "a", "b", ""), chance(random, excluded)}
			// What becomes of zones in which no node counts depends on the order of a map.
			node.Excluded = node.Excluded && counted[node.Zone]
			counted[node.Zone] = true
			nodes = append(nodes, node)
		}
		for range 16 {
			vector := zoneVector{Nodes: nodes}
			for step := range vector.Steps {
				failing := pick(random, 0, 20, 50, 70, 100)
				for range nodes {
					vector.Steps[step].NotReady = append(vector.Steps[step].NotReady, chance(random, failing))
				}
			}
			if err := vector.run(); err != nil {
				return nil, err
			}
			vectors = append(vectors, vector)
		}
	}
	return vectors, nil
}

// Lets the real controller see both steps. Its rate is so high that a node waits for nothing but its zone.
func (vector *zoneVector) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := fake.NewSimpleClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	nodes := factory.Core().V1().Nodes()
	controller, err := nodelifecycle.NewNodeLifecycleController(
		ctx, factory.Coordination().V1().Leases(), factory.Core().V1().Pods(), nodes, factory.Apps().V1().DaemonSets(), client,
		time.Hour, time.Hour, time.Hour, 1e6, 0, 50, 0.55,
	)
	if err != nil {
		return err
	}
	show := func(notReady []bool) error {
		for index, one := range vector.Nodes {
			node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("n%d", index), Labels: map[string]string{}}}
			known, err := client.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{})
			if err == nil {
				node = known.DeepCopy()
			}
			if one.Zone != "" {
				node.Labels[v1.LabelTopologyZone] = one.Zone
			}
			if one.Excluded {
				node.Labels["node.kubernetes.io/exclude-disruption"] = ""
			}
			if notReady != nil {
				status := v1.ConditionTrue
				if notReady[index] {
					status = v1.ConditionFalse
				}
				now := metav1.Now()
				node.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady, Status: status, LastHeartbeatTime: now, LastTransitionTime: now}}
			}
			if err != nil {
				_, err = client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
			} else {
				_, err = client.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
			}
			if err != nil {
				return err
			}
			if err := nodes.Informer().GetIndexer().Update(node); err != nil {
				return err
			}
		}
		return nil
	}
	if err := show(make([]bool, len(vector.Nodes))); err != nil {
		return err
	}
	if err := monitorNodeHealth(controller, ctx); err != nil {
		return err
	}
	for step := range vector.Steps {
		if err := show(vector.Steps[step].NotReady); err != nil {
			return err
		}
		for range 2 {
			if err := monitorNodeHealth(controller, ctx); err != nil {
				return err
			}
			if err := show(nil); err != nil {
				return err
			}
		}
		for range 2 * len(vector.Nodes) {
			time.Sleep(3 * time.Microsecond)
			doNoExecuteTaintingPass(controller, ctx)
		}
		if err := show(nil); err != nil {
			return err
		}
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		sort.Slice(list.Items, func(i, j int) bool { return list.Items[i].Name < list.Items[j].Name })
		for _, node := range list.Items {
			tainted := false
			for _, taint := range node.Spec.Taints {
				tainted = tainted || taint.Effect == v1.TaintEffectNoExecute
			}
			vector.Steps[step].Tainted = append(vector.Steps[step].Tainted, tainted)
		}
	}
	return nil
}
