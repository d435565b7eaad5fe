package main

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

type noPreemption struct{}

func (noPreemption) HandleAdmissionFailure(_ *v1.Pod, reasons []lifecycle.PredicateFailureReason) ([]lifecycle.PredicateFailureReason, error) {
	return reasons, nil
}

// What the kubelet's admission says of a pod that was assigned to its node.
func (w *world) admits(pod *v1.Pod) lifecycle.PodAdmitResult {
	attributes := &lifecycle.PodAdmitAttributes{Pod: pod}
	for _, other := range w.pods() {
		phase := phaseOf(other)
		if other.Spec.NodeName == pod.Spec.NodeName && phase != "bound" && phase != "failed" {
			attributes.OtherPods = append(attributes.OtherPods, other)
		}
	}
	handler := lifecycle.NewPredicateAdmitHandler(
		func() (*v1.Node, error) { return w.node(pod.Spec.NodeName), nil },
		noPreemption{},
		func(*framework.NodeInfo, *lifecycle.PodAdmitAttributes) error { return nil },
	)
	return handler.Admit(attributes)
}

// Simulated: the containers of an admitted pod run.
func (w *world) start(pod *v1.Pod, startup *startup) {
	now := metav1.Now()
	pod.Status.Phase, pod.Status.StartTime = v1.PodRunning, &now
	setReady(pod, v1.ConditionTrue)
	if startup != nil {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, startingMark, "")
		if startup.Ready != "at-once" {
			setReady(pod, v1.ConditionFalse)
		}
	}
	w.put(podResource, pod)
}

// Simulated: the end of a pod's start-up.
func (w *world) finishStartup(pod *v1.Pod) {
	delete(pod.Annotations, startingMark)
	setReady(pod, v1.ConditionTrue)
	w.put(podResource, pod)
}

// Simulated: a pod that is not admitted fails.
func (w *world) reject(pod *v1.Pod, reason string) {
	pod.Status.Phase, pod.Status.Reason = v1.PodFailed, reason
	w.put(podResource, pod)
}
