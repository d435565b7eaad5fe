package main

import (
	"fmt"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func newUsage(w *world, s *scenario, run *trace) (*usage, error) {
	found := &usage{w: w, workloads: s.Spec.Workloads, milli: map[string]int64{}, shared: map[string]bool{}}
	for _, one := range s.Spec.Workloads {
		milli, shared, err := one.usage(run)
		if err != nil {
			return nil, fmt.Errorf("usage of %s: %w", one.Target, err)
		}
		found.milli[one.group()], found.shared[one.group()] = milli, shared
	}
	return found, nil
}

// Another usage of the pods of a workload.
func (u *usage) change(target, to string) {
	_, group, _ := strings.Cut(target, "/")
	amount := resource.MustParse(to)
	u.milli[group] = amount.MilliValue()
}

// Whether less CPU of a node is free than `kernelPanic` of the scenario says.
func (u *usage) exhausted(node string, parameters map[string]any) bool {
	text := fmt.Sprint(parameters["cpuLeftBelow"])
	percent, err := strconv.ParseInt(strings.TrimSuffix(text, "%"), 10, 64)
	must(err)
	used := int64(0)
	for _, pod := range u.w.pods() {
		phase := phaseOf(pod)
		if pod.Spec.NodeName == node && (phase == "running" || phase == "starting") {
			used += u.of(pod)
		}
	}
	capacity := u.w.node(node).Status.Allocatable[v1.ResourceCPU]
	return used*100 > capacity.MilliValue()*(100-percent)
}
