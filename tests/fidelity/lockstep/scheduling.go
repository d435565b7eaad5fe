package main

import (
	"context"
	"errors"
	"sort"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// Draws of the real tie-break: a host of a tie of three is missed with a chance of 1e-11.
const draws = 60

// The hosts that the real scheduler may choose for a pod, by drawing from its own tie-break. None if no node fits.
func (w *world) hosts(pod *v1.Pod, times int) ([]string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := w.client(nil)
	factory := w.caches(client)
	recorders := profile.RecorderFactory(func(string) events.EventRecorder { return &events.FakeRecorder{} })
	sched, err := scheduler.New(ctx, client, factory, nil, recorders)
	if err != nil {
		return nil, err
	}
	logger := klog.FromContext(ctx)
	for _, node := range w.nodes() {
		sched.Cache.AddNode(logger, node)
	}
	for _, other := range w.pods() {
		if other.Spec.NodeName != "" && !isFailed(other) {
			if err := sched.Cache.AddPod(logger, other); err != nil {
				return nil, err
			}
		}
	}
	found := map[string]bool{}
	for range times {
		result, err := sched.SchedulePod(ctx, sched.Profiles[pod.Spec.SchedulerName], framework.NewCycleState(), pod)
		var unfit *framework.FitError
		if errors.As(err, &unfit) || errors.Is(err, scheduler.ErrNoNodesAvailable) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		found[result.SuggestedHost] = true
		if result.FeasibleNodes == 1 {
			break
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}
