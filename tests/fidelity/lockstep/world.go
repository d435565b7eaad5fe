package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/testing"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds"
)

var (
	podResource        = v1.SchemeGroupVersion.WithResource("pods")
	nodeResource       = v1.SchemeGroupVersion.WithResource("nodes")
	deploymentResource = appsv1.SchemeGroupVersion.WithResource("deployments")
	replicaSetResource = appsv1.SchemeGroupVersion.WithResource("replicasets")
	autoscalerResource = autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers")
)

// Marks a running pod whose start-up is not over; nothing but this program reads it.
const startingMark = "kubound.dev/starting"

// The in-memory API that all controllers share: the object tracker of client-go's fakes, with what an API server
// adds (names, UIDs, resource versions, defaults, graceful deletion, the default tolerations of pods).
type world struct {
	tracker testing.ObjectTracker
	counter int
	// Machines that do not run, by node.
	stopped map[string]bool
}

func newWorld() *world {
	tracker := testing.NewObjectTracker(scheme.Scheme, scheme.Codecs.UniversalDecoder())
	return &world{tracker: tracker, stopped: map[string]bool{}}
}

// A client of one controller; `before` may answer an action in place of the API.
func (w *world) client(before testing.ReactionFunc) *fake.Clientset {
	client := &fake.Clientset{}
	if before != nil {
		client.AddReactor("*", "*", before)
	}
	client.AddReactor("create", "events", func(action testing.Action) (bool, runtime.Object, error) {
		return true, action.(testing.CreateAction).GetObject(), nil
	})
	client.AddReactor("create", "*", w.create)
	client.AddReactor("update", "*", w.update)
	client.AddReactor("delete", "pods", func(action testing.Action) (bool, runtime.Object, error) {
		w.deletePod(action.(testing.DeleteAction).GetName())
		return true, nil, nil
	})
	client.AddReactor("*", "*", testing.ObjectReaction(w.tracker))
	client.AddWatchReactor("*", func(action testing.Action) (bool, watch.Interface, error) {
		events, err := w.tracker.Watch(action.GetResource(), action.GetNamespace())
		return true, events, err
	})
	return client
}

func (w *world) stamp(object metav1.Object) {
	w.counter++
	object.SetResourceVersion(fmt.Sprint(w.counter))
	if object.GetUID() == "" {
		object.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", w.counter)))
		object.SetGeneration(1)
		object.SetCreationTimestamp(metav1.Now())
	}
	if object.GetName() == "" {
		object.SetName(fmt.Sprintf("%s%05d", object.GetGenerateName(), w.counter))
	}
}

func (w *world) create(action testing.Action) (bool, runtime.Object, error) {
	object := action.(testing.CreateAction).GetObject().DeepCopyObject()
	if action.GetSubresource() != "" {
		return false, nil, nil
	}
	legacyscheme.Scheme.Default(object)
	accessor := object.(metav1.Object)
	w.stamp(accessor)
	if pod, is := object.(*v1.Pod); is {
		pod.Status.Phase = v1.PodPending
		if err := admitPod(pod); err != nil {
			return true, nil, err
		}
	}
	accessor.SetNamespace(action.GetNamespace())
	return true, object, w.tracker.Create(action.GetResource(), object, action.GetNamespace())
}

// The admission plugin DefaultTolerationSeconds, as every API server has it.
func admitPod(pod *v1.Pod) error {
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		return err
	}
	attributes := admission.NewAttributesRecord(internal, nil, core.Kind("Pod").WithVersion("v1"), pod.Namespace, pod.Name,
		core.Resource("pods").WithVersion("v1"), "", admission.Create, nil, false, nil)
	if err := defaulttolerationseconds.NewDefaultTolerationSeconds().Admit(context.Background(), attributes, nil); err != nil {
		return err
	}
	status := pod.Status
	if err := legacyscheme.Scheme.Convert(internal, pod, nil); err != nil {
		return err
	}
	pod.Status = status
	return nil
}

func (w *world) update(action testing.Action) (bool, runtime.Object, error) {
	object := action.(testing.UpdateAction).GetObject().DeepCopyObject()
	w.stamp(object.(metav1.Object))
	return true, object, w.tracker.Update(action.GetResource(), object, action.GetNamespace())
}

// Adds an object as a user would.
func (w *world) add(resource schema.GroupVersionResource, object runtime.Object) error {
	legacyscheme.Scheme.Default(object)
	accessor := object.(metav1.Object)
	w.stamp(accessor)
	return w.tracker.Create(resource, object, accessor.GetNamespace())
}

// Writes an object back.
func (w *world) put(resource schema.GroupVersionResource, object runtime.Object) {
	accessor := object.(metav1.Object)
	w.stamp(accessor)
	must(w.tracker.Update(resource, object, accessor.GetNamespace()))
}

// A pod without a node is gone at once; another one terminates until its kubelet has ended it.
func (w *world) deletePod(name string) {
	for _, pod := range w.pods() {
		if pod.Name != name {
			continue
		}
		if pod.Spec.NodeName == "" || isFailed(pod) {
			w.removePod(pod)
		} else if pod.DeletionTimestamp == nil {
			now := metav1.Now()
			pod.DeletionTimestamp = &now
			w.put(podResource, pod)
		}
		return
	}
}

func (w *world) removePod(pod *v1.Pod) {
	must(w.tracker.Delete(podResource, pod.Namespace, pod.Name))
}

func isFailed(pod *v1.Pod) bool { return pod.Status.Phase == v1.PodFailed }

func isReady(pod *v1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == v1.PodReady {
			return condition.Status == v1.ConditionTrue
		}
	}
	return false
}

func setReady(pod *v1.Pod, status v1.ConditionStatus) {
	for index := range pod.Status.Conditions {
		condition := &pod.Status.Conditions[index]
		if condition.Type == v1.PodReady {
			if condition.Status != status {
				condition.Status, condition.LastTransitionTime = status, metav1.Now()
			}
			return
		}
	}
	pod.Status.Conditions = append(pod.Status.Conditions,
		v1.PodCondition{Type: v1.PodReady, Status: status, LastTransitionTime: metav1.Now()})
}

// All objects of a kind, sorted by name, as copies.
func list[T any, L any](w *world, resource schema.GroupVersionResource, kind string, items func(L) []T) []*T {
	found, err := w.tracker.List(resource, resource.GroupVersion().WithKind(kind), metav1.NamespaceAll)
	must(err)
	var result []*T
	for _, item := range items(found.(L)) {
		copy := item
		result = append(result, any(&copy).(interface{ DeepCopy() *T }).DeepCopy())
	}
	sort.Slice(result, func(i, j int) bool {
		return any(result[i]).(metav1.Object).GetName() < any(result[j]).(metav1.Object).GetName()
	})
	return result
}

func (w *world) pods() []*v1.Pod {
	return list(w, podResource, "Pod", func(l *v1.PodList) []v1.Pod { return l.Items })
}

func (w *world) nodes() []*v1.Node {
	return list(w, nodeResource, "Node", func(l *v1.NodeList) []v1.Node { return l.Items })
}

func (w *world) deployments() []*appsv1.Deployment {
	return list(w, deploymentResource, "Deployment", func(l *appsv1.DeploymentList) []appsv1.Deployment { return l.Items })
}

func (w *world) replicaSets() []*appsv1.ReplicaSet {
	return list(w, replicaSetResource, "ReplicaSet", func(l *appsv1.ReplicaSetList) []appsv1.ReplicaSet { return l.Items })
}

func (w *world) autoscalers() []*autoscalingv2.HorizontalPodAutoscaler {
	return list(w, autoscalerResource, "HorizontalPodAutoscaler",
		func(l *autoscalingv2.HorizontalPodAutoscalerList) []autoscalingv2.HorizontalPodAutoscaler {
			return l.Items
		})
}

func (w *world) node(name string) *v1.Node {
	for _, node := range w.nodes() {
		if node.Name == name {
			return node
		}
	}
	return nil
}

func (w *world) deployment(group string) *appsv1.Deployment {
	for _, one := range w.deployments() {
		if one.Namespace+"/"+one.Name == group {
			return one
		}
	}
	return nil
}

func (w *world) replicaSet(group string) *appsv1.ReplicaSet {
	for _, one := range w.replicaSets() {
		if owner := metav1.GetControllerOf(one); owner != nil && one.Namespace+"/"+owner.Name == group {
			return one
		}
	}
	return nil
}

// `namespace/name` of the Deployment that a pod belongs to.
func (w *world) groupOf(pod *v1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return ""
	}
	for _, one := range w.replicaSets() {
		if one.UID == owner.UID {
			if parent := metav1.GetControllerOf(one); parent != nil {
				return one.Namespace + "/" + parent.Name
			}
		}
	}
	return ""
}

func (w *world) podsOf(group string) []*v1.Pod {
	var found []*v1.Pod
	for _, pod := range w.pods() {
		if w.groupOf(pod) == group {
			found = append(found, pod)
		}
	}
	return found
}

// The phase that the model would count a pod under; failed pods have none.
func phaseOf(pod *v1.Pod) string {
	_, starting := pod.Annotations[startingMark]
	switch {
	case isFailed(pod):
		return "failed"
	case pod.Spec.NodeName == "":
		return "pending"
	case pod.DeletionTimestamp != nil:
		return "terminating"
	case pod.Status.Phase == v1.PodPending:
		return "bound"
	case starting:
		return "starting"
	}
	return "running"
}

// The variable of the model that counts a pod.
func (w *world) countedAs(pod *v1.Pod) string {
	phase := phaseOf(pod)
	if phase == "pending" || phase == "failed" {
		return fmt.Sprintf("%s[%s]", phase, w.groupOf(pod))
	}
	return fmt.Sprintf("%s[%s][%s]", phase, w.groupOf(pod), pod.Spec.NodeName)
}

// The state of the API in the model's variables; only what is not zero.
func (w *world) project() map[string]int64 {
	state := map[string]int64{}
	for _, one := range w.deployments() {
		state[fmt.Sprintf("spec.replicas[%s/%s]", one.Namespace, one.Name)] = int64(*one.Spec.Replicas)
	}
	for _, one := range w.replicaSets() {
		state[fmt.Sprintf("replicaSet[%s/%s]", one.Namespace, metav1.GetControllerOf(one).Name)] = int64(*one.Spec.Replicas)
	}
	for _, pod := range w.pods() {
		if !isFailed(pod) {
			state[w.countedAs(pod)]++
		}
	}
	for name, value := range state {
		if value == 0 {
			delete(state, name)
		}
	}
	return state
}

var projected = []string{"spec.replicas[", "replicaSet[", "pending[", "bound[", "starting[", "running[", "terminating["}

// Whether a variable of the model is one that `project` gives.
func isProjected(name string) bool {
	for _, prefix := range projected {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// Where the API and a state of the model differ; empty if they agree.
func (w *world) differs(model map[string]int64) string {
	real, names := w.project(), map[string]bool{}
	for name := range real {
		names[name] = true
	}
	for name := range model {
		if isProjected(name) {
			names[name] = true
		}
	}
	var found []string
	for name := range names {
		if real[name] != model[name] {
			found = append(found, fmt.Sprintf("%s is %d, in the trace %d", name, real[name], model[name]))
		}
	}
	sort.Strings(found)
	return strings.Join(found, "; ")
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Lets the bubble's clock run.
func pass(duration time.Duration) { time.Sleep(duration) }

// The defaults of the API server.
func defaulted(object runtime.Object) { legacyscheme.Scheme.Default(object) }
