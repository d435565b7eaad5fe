package main

import (
	"context"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/tainteviction"
)

// The real taint eviction controller, which runs all the time on watches of the API. What it deletes is held back
// until the trace (or the round) lets it happen.
type evictions struct {
	lock   sync.Mutex
	wanted map[string]bool
}

func startTaintEviction(ctx context.Context, w *world) *evictions {
	held := &evictions{wanted: map[string]bool{}}
	client := w.client(func(action testing.Action) (bool, runtime.Object, error) {
		switch {
		case action.Matches("delete", "pods"):
			held.lock.Lock()
			defer held.lock.Unlock()
			held.wanted[action.(testing.DeleteAction).GetName()] = true
			return true, nil, nil
		case action.Matches("patch", "pods"):
			// The condition DisruptionTarget of a pod that is about to be deleted.
			return true, &v1.Pod{}, nil
		}
		return false, nil, nil
	})
	// Without resyncs informers wait on a channel from outside the bubble, and its clock would stand still.
	factory := informers.NewSharedInformerFactory(client, 12*time.Hour)
	pods, nodes := factory.Core().V1().Pods(), factory.Core().V1().Nodes()
	must(pods.Informer().AddIndexers(cache.Indexers{"spec.nodeName": func(object any) ([]string, error) {
		return []string{object.(*v1.Pod).Spec.NodeName}, nil
	}}))
	controller, err := tainteviction.New(ctx, client, pods, nodes, "taint-eviction-controller")
	must(err)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go controller.Run(ctx)
	return held
}

// Whether the controller has asked for the deletion of a pod.
func (held *evictions) wants(pod *v1.Pod) bool {
	held.lock.Lock()
	defer held.lock.Unlock()
	return held.wanted[pod.Name]
}
