package main

import (
	"context"
	"fmt"
	"math/rand"
	"reflect"
	"time"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/tainteviction"
)

// What the taint eviction controller does about an update of a node.
//
//go:linkname handleNodeUpdate k8s.io/kubernetes/pkg/controller/tainteviction.(*Controller).handleNodeUpdate
func handleNodeUpdate(controller *tainteviction.Controller, ctx context.Context, update struct{ nodeName string })

type taint struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Effect string `json:"effect"`
}

type toleration struct {
	Key     string `json:"key"`
	Exists  bool   `json:"exists"`
	Value   string `json:"value"`
	Effect  string `json:"effect"`
	Seconds *int64 `json:"seconds"`
}

// A pod on a node with taints: which tolerations tolerate which taints, and when the pod is deleted.
type taintVector struct {
	Taints      []taint      `json:"taints"`
	Tolerations []toleration `json:"tolerations"`
	// By taint, then by toleration.
	Tolerates [][]bool `json:"tolerates"`
	// Seconds after which the pod is deleted; absent if it stays.
	Deleted *int64 `json:"deleted"`
}

func taintVectors(random *rand.Rand, count int) ([]any, error) {
	harness, err := newTaintHarness()
	if err != nil {
		return nil, err
	}
	var vectors []any
	for index := range count {
		vector := taintCase(random)
		vector.Deleted, err = harness.deletion(index, vector)
		if err != nil {
			return nil, err
		}
		for _, one := range vector.Taints {
			row := []bool{}
			for _, other := range vector.Tolerations {
				real, against := other.real(), one.real()
				row = append(row, real.ToleratesTaint(&against))
			}
			vector.Tolerates = append(vector.Tolerates, row)
		}
		vectors = append(vectors, vector)
	}
	return vectors, nil
}

// Few keys, values and effects, so that most tolerations nearly match.
func taintCase(random *rand.Rand) taintVector {
	vector := taintVector{Taints: []taint{}, Tolerations: []toleration{}, Tolerates: [][]bool{}}
	for range pick(random, 1, 1, 2, 3) {
		next := taint{
			Key:    pick(random, "a", "a", "b", "node.kubernetes.io/unreachable"),
			Value:  pick(random, "", "x", "y"),
			Effect: pick(random, "NoExecute", "NoExecute", "NoExecute", "NoSchedule", "PreferNoSchedule"),
		}
		// The API server refuses two taints with one key and effect.
		unique := true
		for _, other := range vector.Taints {
			unique = unique && (other.Key != next.Key || other.Effect != next.Effect)
		}
		if unique {
			vector.Taints = append(vector.Taints, next)
		}
	}
	for range between(random, 0, 4) {
		vector.Tolerations = append(vector.Tolerations, tolerationCase(random))
	}
	return vector
}

// A toleration that the API server accepts.
func tolerationCase(random *rand.Rand) toleration {
	one := toleration{
		Key:    pick(random, "a", "a", "a", "b", "node.kubernetes.io/unreachable", ""),
		Exists: chance(random, 65),
		Value:  pick(random, "", "x", "y"),
		Effect: pick(random, "NoExecute", "NoExecute", "NoExecute", "NoSchedule", "PreferNoSchedule", ""),
	}
	if one.Key == "" {
		one.Exists = true
	}
	if one.Exists {
		one.Value = ""
	}
	if one.Effect == "NoExecute" && chance(random, 65) {
		seconds := pick[int64](random, -5, 0, 1, 2, 30, 60, 300, 3600)
		one.Seconds = &seconds
	}
	return one
}

func (one taint) real() v1.Taint {
	return v1.Taint{Key: one.Key, Value: one.Value, Effect: v1.TaintEffect(one.Effect)}
}

func (one toleration) real() v1.Toleration {
	operator := v1.TolerationOpEqual
	if one.Exists {
		operator = v1.TolerationOpExists
	}
	return v1.Toleration{
		Key: one.Key, Operator: operator, Value: one.Value, Effect: v1.TaintEffect(one.Effect), TolerationSeconds: one.Seconds,
	}
}

// A taint eviction controller whose deletions are recorded instead of sent.
type taintHarness struct {
	controller *tainteviction.Controller
	queue      *tainteviction.TimedWorkerQueue
	pods       cache.Indexer
	nodes      cache.Indexer
	release    chan struct{}
}

func newTaintHarness() (*taintHarness, error) {
	client := fake.NewSimpleClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, nodes := factory.Core().V1().Pods(), factory.Core().V1().Nodes()
	byNode := func(object any) ([]string, error) { return []string{object.(*v1.Pod).Spec.NodeName}, nil }
	if err := pods.Informer().AddIndexers(cache.Indexers{"spec.nodeName": byNode}); err != nil {
		return nil, err
	}
	controller, err := tainteviction.New(context.Background(), client, pods, nodes, "taint-eviction-controller")
	if err != nil {
		return nil, err
	}
	release := make(chan struct{})
	queue := tainteviction.CreateWorkerQueue(func(context.Context, time.Time, *tainteviction.WorkArgs) error {
		<-release
		return nil
	})
	field := reflect.ValueOf(controller).Elem().FieldByName("taintEvictionQueue")
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(queue))
	return &taintHarness{controller, queue, pods.Informer().GetIndexer(), nodes.Informer().GetIndexer(), release}, nil
}

// Seconds until the controller deletes the pod.
func (harness *taintHarness) deletion(index int, vector taintVector) (*int64, error) {
	name := fmt.Sprintf("n%d", index)
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, one := range vector.Taints {
		node.Spec.Taints = append(node.Spec.Taints, one.real())
	}
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: v1.PodSpec{NodeName: name}}
	for _, one := range vector.Tolerations {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, one.real())
	}
	if err := harness.nodes.Add(node); err != nil {
		return nil, err
	}
	if err := harness.pods.Add(pod); err != nil {
		return nil, err
	}
	handleNodeUpdate(harness.controller, context.Background(), struct{ nodeName string }{name})
	key := "default/" + name
	harness.queue.Lock()
	workers := reflect.ValueOf(harness.queue).Elem().FieldByName("workers")
	worker := workers.MapIndex(reflect.ValueOf(key))
	harness.queue.Unlock()
	if !worker.IsValid() {
		return nil, nil
	}
	if worker.IsNil() {
		harness.release <- struct{}{}
		now := int64(0)
		return &now, nil
	}
	timed := harness.queue.GetWorkerUnsafe(key)
	timed.Cancel()
	seconds := int64(timed.FireAt.Sub(timed.CreatedAt) / time.Second)
	return &seconds, nil
}
