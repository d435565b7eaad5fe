package main

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	unreachable   = "node.kubernetes.io/unreachable"
	unschedulable = "node.kubernetes.io/unschedulable"
)

func setTaint(node *v1.Node, key string, effect v1.TaintEffect, present bool) {
	var kept []v1.Taint
	for _, taint := range node.Spec.Taints {
		if taint.Key != key || taint.Effect != effect {
			kept = append(kept, taint)
		}
	}
	if present {
		now := metav1.Now()
		kept = append(kept, v1.Taint{Key: key, Effect: effect, TimeAdded: &now})
	}
	node.Spec.Taints = kept
}

// Simulated, as the node controller does it: the condition, the NoSchedule taint, and pods that are not ready.
func (w *world) setNodeReady(name string, ready bool) {
	node, status := w.node(name), v1.ConditionUnknown
	if ready {
		status = v1.ConditionTrue
		setTaint(node, unreachable, v1.TaintEffectNoExecute, false)
	}
	setTaint(node, unreachable, v1.TaintEffectNoSchedule, !ready)
	node.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady, Status: status, LastTransitionTime: metav1.Now()}}
	w.put(nodeResource, node)
	for _, pod := range w.pods() {
		if pod.Spec.NodeName != name || isFailed(pod) || pod.Status.Phase != v1.PodRunning {
			continue
		}
		if ready {
			setReady(pod, v1.ConditionTrue)
		} else {
			setReady(pod, v1.ConditionFalse)
		}
		w.put(podResource, pod)
	}
}

// Simulated, as the node controller does it.
func (w *world) taintUnreachable(name string) {
	node := w.node(name)
	setTaint(node, unreachable, v1.TaintEffectNoExecute, true)
	w.put(nodeResource, node)
}

// What `kubectl cordon` and `uncordon` write, with the taint that the node controller adds.
func (w *world) cordon(name string, on bool) {
	node := w.node(name)
	node.Spec.Unschedulable = on
	setTaint(node, unschedulable, v1.TaintEffectNoSchedule, on)
	w.put(nodeResource, node)
}
