package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// What this program reads of a scenario file; manifests are read by Kubernetes' own decoders.
type scenario struct {
	Spec struct {
		Resources []string `json:"resources"`
		Nodes     []struct {
			Name     string `json:"name"`
			Template struct {
				Labels      map[string]string            `json:"labels"`
				Taints      []v1.Taint                   `json:"taints"`
				Allocatable map[string]resource.Quantity `json:"allocatable"`
			} `json:"template"`
		} `json:"nodes"`
		Workloads []workload       `json:"workloads"`
		Events    []map[string]any `json:"events"`
		// What acts again and again; also found among the events, where it was once written.
		Controllers []map[string]any `json:"controllers"`
	} `json:"spec"`
	folder string
}

type workload struct {
	Target   string            `json:"target"`
	Replicas any               `json:"replicas"`
	CPUUsage string            `json:"cpuUsage"`
	Load     map[string]string `json:"load"`
	Startup  *startup          `json:"startup"`
}

// How a pod behaves while it starts.
type startup struct {
	CPUUsage resource.Quantity `json:"cpuUsage"`
	Seconds  int64             `json:"seconds"`
	Ready    string            `json:"ready"`
}

func readScenario(folder string) (*scenario, error) {
	text, err := os.ReadFile(filepath.Join(folder, "scenario.yaml"))
	if err != nil {
		return nil, err
	}
	found := &scenario{folder: folder}
	return found, yaml.Unmarshal(text, found)
}

// `namespace/name` of a workload.
func (one workload) group() string {
	_, name, _ := strings.Cut(one.Target, "/")
	return name
}

// Milli-cores that a ready pod uses, or that all ready pods share.
func (one workload) usage(run *trace) (milli int64, shared bool, err error) {
	text, shared := one.CPUUsage, false
	if load, is := one.Load["cpu"]; is {
		text, shared = load, true
	}
	if text == "" {
		return 0, false, nil
	}
	name := one.Target[strings.LastIndex(one.Target, "/")+1:]
	for _, what := range []string{"usage", "load"} {
		if chosen := run.value("cpu " + what + " of " + name); chosen != "" {
			text = chosen
		}
	}
	quantity, err := resource.ParseQuantity(text)
	return quantity.MilliValue(), shared, err
}

// The nodes of the run.
func (s *scenario) nodes(run *trace) ([]*v1.Node, error) {
	sizes := run.poolSizes()
	var nodes []*v1.Node
	for _, pool := range s.Spec.Nodes {
		for index := range sizes[pool.Name] {
			name := fmt.Sprintf("%s-%d", pool.Name, index)
			node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1.LabelHostname: name}}}
			for key, value := range pool.Template.Labels {
				node.Labels[key] = value
			}
			node.Spec.Taints = append(node.Spec.Taints, pool.Template.Taints...)
			node.Status.Allocatable = v1.ResourceList{}
			for key, amount := range pool.Template.Allocatable {
				node.Status.Allocatable[v1.ResourceName(key)] = amount
			}
			node.Status.Capacity = node.Status.Allocatable.DeepCopy()
			node.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady, Status: v1.ConditionTrue}}
			nodes = append(nodes, node)
		}
	}
	return nodes, nil
}

// The documents of the manifests that Kubernetes' decoder knows, and the path of the descheduler's policy.
func (s *scenario) manifests() (objects []runtime.Object, policy string, err error) {
	for _, name := range s.Spec.Resources {
		path := filepath.Join(s.folder, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		if bytes.Contains(text, []byte("kind: DeschedulerPolicy")) {
			policy = path
			continue
		}
		object, err := decode(text)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
		objects = append(objects, object)
	}
	return objects, policy, nil
}

func decode(text []byte) (runtime.Object, error) {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
	return object, err
}

// Puts nodes and objects of a run into the API. The run's initial replicas take the place of the manifest's.
func (s *scenario) seed(w *world, run *trace) (policy string, err error) {
	nodes, err := s.nodes(run)
	if err != nil {
		return "", err
	}
	for _, node := range nodes {
		if err := w.add(nodeResource, node); err != nil {
			return "", err
		}
	}
	objects, policy, err := s.manifests()
	if err != nil {
		return "", err
	}
	for _, object := range objects {
		switch one := object.(type) {
		case *appsv1.Deployment:
			if replicas := run.value("replicas of " + one.Name); replicas != "" {
				count, err := strconv.ParseInt(replicas, 10, 32)
				if err != nil {
					return "", err
				}
				if one.Spec.Replicas != nil {
					value := int32(count)
					one.Spec.Replicas = &value
				}
				setLastApplied(one)
				value := int32(count)
				one.Spec.Replicas = &value
			} else {
				setLastApplied(one)
			}
			err = w.add(deploymentResource, one)
		case *autoscalingv2.HorizontalPodAutoscaler:
			err = w.add(autoscalerResource, one)
		default:
			err = fmt.Errorf("%T has no place in the API of this program", object)
		}
		if err != nil {
			return "", err
		}
	}
	return policy, nil
}

// Events and controllers of the scenario.
func (s *scenario) around() []map[string]any {
	return append(append([]map[string]any{}, s.Spec.Events...), s.Spec.Controllers...)
}

// Parameters of the scenario's event or controller of a kind; nil if it has none.
func (s *scenario) event(kind string) (map[string]any, bool) {
	for _, one := range s.around() {
		if parameters, is := one[kind]; is {
			found, _ := parameters.(map[string]any)
			return found, true
		}
	}
	return nil, false
}

var arrow = regexp.MustCompile(`-> (\S+)$`)

// Kind and parameters of an event or a controller by its id, which is its kind if none is given.
func (s *scenario) eventById(id string) (string, map[string]any) {
	for _, one := range s.around() {
		for key, value := range one {
			parameters, is := value.(map[string]any)
			if is && (one["id"] == id || (one["id"] == nil && key == id)) {
				return key, parameters
			}
		}
	}
	return "", nil
}
