package main

import (
	"math/rand"

	v1 "k8s.io/api/core/v1"
)

// A term of affinity or anti-affinity between pods; required ones have no weight.
type podTerm struct {
	Weight int32  `json:"weight,omitempty"`
	Key    string `json:"key"`
	// Absent: no selector; empty: an empty one.
	Selector   []requirement `json:"selector"`
	Namespaces []string      `json:"namespaces,omitempty"`
	// Absent: no selector; empty: all namespaces.
	NamespaceSelector *[]requirement `json:"namespaceSelector,omitempty"`
	// Label keys of the pod; the API server adds them to the selector, which is done here in its place.
	Match    []string `json:"match,omitempty"`
	Mismatch []string `json:"mismatch,omitempty"`
}

type hostPort struct {
	IP       string `json:"ip"`
	Protocol string `json:"protocol"`
	Port     int32  `json:"port"`
}

func (one podTerm) real(labels map[string]string) v1.PodAffinityTerm {
	selector := labelSelector(one.Selector)
	fold := func(keys []string, operator string) {
		for _, key := range keys {
			if value, there := labels[key]; there {
				folded := labelSelector([]requirement{{key, operator, []string{value}}})
				selector.MatchExpressions = append(selector.MatchExpressions, folded.MatchExpressions...)
			}
		}
	}
	fold(one.Match, "In")
	fold(one.Mismatch, "NotIn")
	term := v1.PodAffinityTerm{
		LabelSelector: selector, TopologyKey: one.Key, Namespaces: one.Namespaces,
		MatchLabelKeys: one.Match, MismatchLabelKeys: one.Mismatch,
	}
	if one.NamespaceSelector != nil {
		term.NamespaceSelector = labelSelector(*one.NamespaceSelector)
	}
	return term
}

// Adds affinity, anti-affinity and ports to a pod.
func (workload schedulerWorkload) bind(pod *v1.Pod) {
	if pod.Spec.Affinity == nil && len(workload.PodAffinity)+len(workload.PodAntiAffinity) > 0 {
		pod.Spec.Affinity = &v1.Affinity{}
	}
	split := func(terms []podTerm) (required []v1.PodAffinityTerm, preferred []v1.WeightedPodAffinityTerm) {
		for _, one := range terms {
			if term := one.real(pod.Labels); one.Weight == 0 {
				required = append(required, term)
			} else {
				preferred = append(preferred, v1.WeightedPodAffinityTerm{Weight: one.Weight, PodAffinityTerm: term})
			}
		}
		return required, preferred
	}
	if len(workload.PodAffinity) > 0 {
		required, preferred := split(workload.PodAffinity)
		pod.Spec.Affinity.PodAffinity = &v1.PodAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: required, PreferredDuringSchedulingIgnoredDuringExecution: preferred,
		}
	}
	if len(workload.PodAntiAffinity) > 0 {
		required, preferred := split(workload.PodAntiAffinity)
		pod.Spec.Affinity.PodAntiAffinity = &v1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: required, PreferredDuringSchedulingIgnoredDuringExecution: preferred,
		}
	}
	for _, port := range workload.Ports {
		container := &pod.Spec.Containers[0]
		container.Ports = append(container.Ports, v1.ContainerPort{
			ContainerPort: port.Port, HostPort: port.Port, HostIP: port.IP, Protocol: v1.Protocol(port.Protocol),
		})
	}
}

func podTermCase(random *rand.Rand) podTerm {
	in := func(key string, values ...string) requirement { return requirement{key, "In", values} }
	term := podTerm{Key: pick(random, v1.LabelHostname, v1.LabelHostname, v1.LabelTopologyZone, v1.LabelTopologyZone, "disk", "rack")}
	term.Selector = pick(random,
		[]requirement{in("app", "web")}, []requirement{in("app", "web")}, []requirement{in("app", "db")}, []requirement{in("app", "db")},
		[]requirement{in("app", "web", "db", "shared")}, []requirement{{"tier", "Exists", []string{}}},
		[]requirement{{"app", "NotIn", []string{"web"}}}, []requirement{}, nil,
	)
	switch random.Intn(8) {
	case 0:
		term.Namespaces = pick(random, []string{"other"}, []string{"default", "other"})
	case 1:
		selector := pick(random, []requirement{}, []requirement{in(v1.LabelMetadataName, "other")})
		term.NamespaceSelector = &selector
	}
	if term.Selector != nil && chance(random, 15) {
		keys := pick(random, []string{"pod-template-hash"}, []string{"pod-template-hash", "rank"}, []string{"rank"})
		if chance(random, 50) {
			term.Match = keys
		} else {
			term.Mismatch = keys
		}
	}
	return term
}

// Terms and ports of a workload, mostly none of a kind.
func schedulerAffinityCase(random *rand.Rand, workload *schedulerWorkload) {
	terms := func(required, preferred int) []podTerm {
		var terms []podTerm
		if chance(random, required) {
			for range between(random, 1, 2) {
				terms = append(terms, podTermCase(random))
			}
		}
		if chance(random, preferred) {
			for range between(random, 1, 2) {
				term := podTermCase(random)
				term.Weight = pick[int32](random, 1, 2, 3, 29, 100)
				terms = append(terms, term)
			}
		}
		return terms
	}
	workload.PodAffinity = terms(10, 18)
	workload.PodAntiAffinity = terms(15, 18)
	if chance(random, 20) {
		workload.Labels["rank"] = pick(random, "1", "2")
	}
	if chance(random, 12) {
		for range between(random, 1, 2) {
			port := hostPort{pick(random, "", "", "0.0.0.0", "10.0.0.1", "10.0.0.2"), pick(random, "TCP", "TCP", "UDP"), pick[int32](random, 80, 80, 81)}
			workload.Ports = append(workload.Ports, port)
		}
	}
}
