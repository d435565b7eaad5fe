package main

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	v1 "k8s.io/api/core/v1"
)

const (
	// Virtual time of a round: a period of the autoscaler.
	period = 15 * time.Second
	// Rounds between two events of the scenario; the first comes after as many.
	between = 20
	// Passes over all controllers within a round at most: some loops never leave an instant.
	instant = 50
	// Seconds of silence after which the node controller notices a stopped node, rounded up to rounds.
	notice = 3
)

// What happened in a round.
type deeds map[string]int

// Controllers that run freely: every one of them acts in each pass over them until none does anything.
type free struct {
	*follower
	done deeds
	// Rounds that a node has been stopped for.
	silent map[string]int
	// Events of the scenario that are still to come, as texts of the saved run's steps where these give values.
	events []map[string]any
	// Nodes in maintenance.
	away []string
	// `spec.replicas` of all Deployments over time, changes only.
	history []string
}

// Lets the real controllers run in rounds on the initial cluster of the saved run.
func (f *follower) rounds(name string, number int) int {
	r := &free{follower: f, silent: map[string]int{}, events: f.scenario.Spec.Events}
	last, lastEvent, failures := 0, 0, 0
	var lastDeeds deeds
	for round := 1; round <= number; round++ {
		r.done = deeds{}
		if round%between == 0 && r.happens() {
			lastEvent = round
		}
		r.settle()
		// Without any sample the real autoscaler fails and leaves things as they are.
		if err := f.scaler.sync(sampling{}); err != nil {
			failures++
		}
		r.note()
		r.settle()
		r.descheduleAll()
		r.settle()
		if len(r.done) > 0 {
			last, lastDeeds = round, r.done
		}
		r.tick()
	}
	pending := 0
	for _, pod := range f.w.pods() {
		if phaseOf(pod) == "pending" {
			pending++
		}
	}
	fmt.Printf("%s: %d rounds of the real controllers; replicas %s; last event in round %d; pods pending at the end %d; ",
		name, number, strings.Join(r.history, " "), lastEvent, pending)
	if failures > 0 {
		fmt.Printf("syncs of the autoscaler that failed for want of metrics %d; ", failures)
	}
	if last > number/2+lastEvent/2 {
		fmt.Printf("not at rest: in round %d %v\n", last, map[string]int(lastDeeds))
		return 1
	}
	fmt.Printf("at rest after round %d\n", last)
	return 0
}

// Keeps `spec.replicas` if it has changed.
func (r *free) note() {
	now := ""
	for _, one := range r.w.deployments() {
		now += fmt.Sprint(*one.Spec.Replicas)
	}
	if len(r.history) == 0 || r.history[len(r.history)-1] != now {
		if len(r.history) > 0 {
			r.done["rescaled"]++
		}
		r.history = append(r.history, now)
	}
}

// Passes over all controllers until nothing happens any more.
func (r *free) settle() {
	for range instant {
		before := r.total()
		r.note()
		for _, one := range r.w.deployments() {
			group := one.Namespace + "/" + one.Name
			must(r.w.syncDeployment(group))
			r.syncReplicas(group)
		}
		r.scheduleAll()
		r.runKubelets()
		r.watchNodes()
		synctest.Wait()
		for _, pod := range r.w.pods() {
			if r.held.wants(pod) && pod.DeletionTimestamp == nil {
				r.w.deletePod(pod.Name)
				r.done["evicted by taint"]++
			}
		}
		if r.total() == before {
			return
		}
	}
}

func (r *free) total() int {
	sum := 0
	for _, count := range r.done {
		sum += count
	}
	return sum
}

func (r *free) syncReplicas(group string) {
	before := len(r.w.pods())
	victims, err := r.w.syncReplicaSet(group, nil)
	must(err)
	if created := len(r.w.pods()) - before; created > 0 {
		r.done["created"] += created
	}
	r.delete(victims)
	if len(victims) > 0 {
		r.done["deleted"] += len(victims)
	}
}

func (r *free) scheduleAll() {
	for _, pod := range r.w.pods() {
		if phaseOf(pod) != "pending" {
			continue
		}
		hosts, err := r.w.hosts(pod, 1)
		must(err)
		if len(hosts) > 0 {
			pod.Spec.NodeName = hosts[0]
			r.w.put(podResource, pod)
			r.done["bound"]++
		}
	}
}

func (r *free) runKubelets() {
	for _, pod := range r.w.pods() {
		if pod.Spec.NodeName == "" || r.w.stopped[pod.Spec.NodeName] {
			continue
		}
		switch phaseOf(pod) {
		case "terminating":
			r.w.removePod(pod)
			r.done["ended"]++
		case "bound":
			if result := r.w.admits(pod); result.Admit {
				r.w.start(pod, r.startup(r.w.groupOf(pod)))
			} else {
				r.w.reject(pod, result.Reason)
				r.done["rejected"]++
			}
		}
	}
}

// Simulated: kernel panics where the scenario has them, the node controller, drained nodes that come back.
func (r *free) watchNodes() {
	parameters, panics := r.scenario.event("kernelPanic")
	for _, node := range r.w.nodes() {
		stopped := r.w.stopped[node.Name]
		if panics && r.usage.exhausted(node.Name, parameters) != stopped {
			r.w.stopped[node.Name] = !stopped
			r.done["stopped or back"]++
		}
		ready := node.Status.Conditions[0].Status == v1.ConditionTrue
		if !r.w.stopped[node.Name] && !ready {
			r.w.setNodeReady(node.Name, true)
			r.done["ready again"]++
		} else if ready && r.silent[node.Name] >= notice {
			r.w.setNodeReady(node.Name, false)
			r.done["not ready"]++
			if r.someReady() {
				r.w.taintUnreachable(node.Name)
			}
		}
	}
	for _, node := range r.away {
		if !r.hasPods(node) {
			r.w.cordon(node, false)
			r.away = nil
			r.done["put back"]++
			break
		}
	}
}

// Without a ready node in any zone the node controller sets no NoExecute taints.
func (r *free) someReady() bool {
	for _, node := range r.w.nodes() {
		if node.Status.Conditions[0].Status == v1.ConditionTrue {
			return true
		}
	}
	return false
}

func (r *free) hasPods(node string) bool {
	for _, pod := range r.w.pods() {
		if pod.Spec.NodeName == node && !isFailed(pod) {
			return true
		}
	}
	return false
}

func (r *free) descheduleAll() {
	if r.passes == nil {
		return
	}
	evicted, err := r.passes.pass(r.w, "")
	must(err)
	r.delete(evicted)
	if len(evicted) > 0 {
		r.done["descheduled"] += len(evicted)
	}
}

// Time passes.
func (r *free) tick() {
	pass(period)
	for _, node := range r.w.nodes() {
		if r.w.stopped[node.Name] {
			r.silent[node.Name]++
		} else {
			r.silent[node.Name] = 0
		}
	}
	for _, pod := range r.w.pods() {
		one := r.startup(r.w.groupOf(pod))
		if phaseOf(pod) == "starting" && one.Ready != "never" && time.Since(pod.Status.StartTime.Time) >= time.Duration(one.Seconds)*time.Second {
			r.w.finishStartup(pod)
		}
	}
}

// The next event of the scenario, on the node and with the value of the saved run; whether there was one.
func (r *free) happens() bool {
	for len(r.events) > 0 {
		one := r.events[0]
		r.events = r.events[1:]
		for kind, value := range one {
			parameters, is := value.(map[string]any)
			if is && r.event(kind, parameters) {
				return true
			}
		}
	}
	return false
}

func (r *free) event(kind string, parameters map[string]any) bool {
	switch kind {
	case "apply":
		must(r.w.apply(r.scenario, parameters["file"].(string)))
	case "cpuChange":
		for _, s := range r.run.Steps {
			if match := arrow.FindStringSubmatch(s.Text); match != nil && s.Reason == r.reason(kind) {
				r.usage.change(parameters["target"].(string), match[1])
			}
		}
	case "maintenance":
		node := r.w.nodes()[0].Name
		r.w.cordon(node, true)
		for _, pod := range r.w.pods() {
			if pod.Spec.NodeName == node {
				r.w.deletePod(pod.Name)
			}
		}
		r.away = append(r.away, node)
	case "nodeFailure":
		nodes := r.w.nodes()
		r.w.stopped[nodes[len(nodes)-1].Name] = true
	default:
		return false
	}
	return true
}

// The reason of the saved run's steps of an event.
func (r *free) reason(kind string) string {
	for _, s := range r.run.Steps {
		if strings.HasPrefix(s.Rule, "event/"+kind+"/") {
			return s.Reason
		}
	}
	return ""
}
