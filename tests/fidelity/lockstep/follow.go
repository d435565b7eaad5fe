package main

import (
	"fmt"
	"math"
	"math/rand"
	"regexp"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	v1 "k8s.io/api/core/v1"
)

// What the real code says of a step.
type verdict int

const (
	// It does just this.
	same verdict = iota
	// It may do this: a tie, an order or an age that the model does not keep decides.
	could
	// No component here does this; the program does it to the API.
	simulated
	// It does something else.
	deviates
)

// A follower does the steps of a trace to the API by calling the real code, and compares.
type follower struct {
	w        *world
	run      *trace
	scenario *scenario
	held     *evictions
	scaler   *autoscaling
	passes   *descheduling
	usage    *usage
	random   *rand.Rand
	// Whether the autoscaler has synced since time last passed.
	synced bool
}

// Tries of the real code with other ages, orders and draws before it is said not to do the same.
const tries = 200

// Passes of the descheduler that are compared with a step at least.
const passTries = 3

func (f *follower) follow(s *step) (verdict, string) {
	synctest.Wait()
	found, why := f.dispatch(s)
	synctest.Wait()
	if found == deviates {
		return found, why
	}
	if wrong := f.w.differs(s.after); wrong != "" {
		return deviates, wrong
	}
	return found, why
}

func (f *follower) dispatch(s *step) (verdict, string) {
	parts := strings.Split(s.Rule, "/")
	switch parts[0] {
	case "deployment-controller":
		return f.deployment(group(parts[2:]))
	case "replicaset-controller":
		return f.replicaSet(s, group(parts[2:]))
	case "default-scheduler":
		return f.schedule(group(parts[2:]), parts[4])
	case "kubelet":
		return f.kubelet(s, parts[1], group(parts[2:]), parts[4])
	case "node-controller":
		return f.nodeController(parts[1], parts[2])
	case "taint-eviction-controller":
		last := len(parts) - 1
		return f.taintEviction(s, parts[1], group(parts[last-2:]), parts[last])
	case "horizontal-pod-autoscaler":
		return f.autoscale(parts[1])
	case "descheduler":
		return f.deschedule(s, parts[1])
	case "time":
		return f.timePasses(s)
	case "event":
		return f.event(s, parts)
	}
	return deviates, "there is no component for rule " + s.Rule
}

func group(parts []string) string { return parts[0] + "/" + parts[1] }

func failed(err error) (verdict, string) { return deviates, "error of the real code: " + err.Error() }

func (f *follower) deployment(group string) (verdict, string) {
	if err := f.w.syncDeployment(group); err != nil {
		return failed(err)
	}
	return same, ""
}

// How a step lowers the counts of active pods.
func lowered(s *step) map[string]int64 {
	found := map[string]int64{}
	for name, before := range s.before {
		gone := before - s.after[name]
		if isProjected(name) && !strings.Contains(name, "eplica") && !strings.HasPrefix(name, "terminating") && gone > 0 {
			found[name] = gone
		}
	}
	return found
}

// The counts that deleting these pods lowers.
func (f *follower) counts(names []string) map[string]int64 {
	wanted, found := map[string]bool{}, map[string]int64{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, pod := range f.w.pods() {
		if phase := phaseOf(pod); wanted[pod.Name] && phase != "failed" && phase != "terminating" {
			found[f.w.countedAs(pod)]++
		}
	}
	return found
}

func (f *follower) delete(names []string) {
	for _, name := range names {
		f.w.deletePod(name)
	}
}

func (f *follower) replicaSet(s *step, group string) (verdict, string) {
	victims, err := f.w.syncReplicaSet(group, nil)
	if err != nil {
		return failed(err)
	}
	wanted := fmt.Sprint(lowered(s))
	seen := map[string]bool{fmt.Sprint(f.counts(victims)): true}
	if strings.Contains(s.Rule, "/create/") {
		if len(victims) > 0 {
			return deviates, fmt.Sprintf("it deletes %d pods", len(victims))
		}
		return same, ""
	}
	chosen := victims
	for range tries {
		if other, err := f.w.syncReplicaSet(group, f.random); err != nil {
			return failed(err)
		} else if key := fmt.Sprint(f.counts(other)); !seen[key] {
			seen[key] = true
			if key == wanted {
				chosen = other
			}
		}
	}
	if !seen[wanted] {
		return deviates, fmt.Sprintf("it deletes %v, in the trace %s", f.counts(victims), wanted)
	}
	f.delete(chosen)
	return tie(len(seen), "pods")
}

// A choice among equals.
func tie(size int, of string) (verdict, string) {
	if size == 1 {
		return same, ""
	}
	return could, fmt.Sprintf("tie of %d %s", size, of)
}

// A pod that the model counts under a variable.
func (f *follower) pod(variable string) *v1.Pod {
	for _, pod := range f.w.pods() {
		if f.w.countedAs(pod) == variable {
			return pod
		}
	}
	return nil
}

func (f *follower) schedule(group, node string) (verdict, string) {
	pod := f.pod("pending[" + group + "]")
	if pod == nil {
		return deviates, "there is no pending pod"
	}
	hosts, err := f.w.hosts(pod, draws)
	if err != nil {
		return failed(err)
	}
	for _, host := range hosts {
		if host == node {
			pod.Spec.NodeName = node
			f.w.put(podResource, pod)
			return tie(len(hosts), "nodes")
		}
	}
	return deviates, fmt.Sprintf("it binds to %v, not to %s", hosts, node)
}

func (f *follower) kubelet(s *step, verb, group, node string) (verdict, string) {
	place := "[" + group + "][" + node + "]"
	switch verb {
	case "start", "reject":
		pod := f.pod("bound" + place)
		if pod == nil {
			return deviates, "there is no pod to admit"
		}
		result := f.w.admits(pod)
		if result.Admit != (verb == "start") {
			return deviates, fmt.Sprintf("admission says %v %s", result.Admit, result.Reason)
		}
		if !result.Admit {
			f.w.reject(pod, result.Reason)
			return same, result.Reason
		}
		f.w.start(pod, f.startup(group))
		return same, "admitted; its containers are simulated"
	case "terminate":
		for range s.before["terminating"+place] - s.after["terminating"+place] {
			f.w.removePod(f.pod("terminating" + place))
		}
		return simulated, "containers"
	case "finish-startup":
		for range s.before["starting"+place] - s.after["starting"+place] {
			f.w.finishStartup(f.pod("starting" + place))
		}
		return simulated, "containers"
	}
	return deviates, "there is no component for it"
}

func (f *follower) startup(group string) *startup {
	if one := f.usage.workload(group); one != nil {
		return one.Startup
	}
	return nil
}

func (f *follower) nodeController(verb, node string) (verdict, string) {
	switch verb {
	case "not-ready":
		f.w.setNodeReady(node, false)
	case "taint":
		f.w.taintUnreachable(node)
	case "ready":
		f.w.setNodeReady(node, true)
	default:
		return deviates, "there is no component for it"
	}
	return simulated, "node lifecycle"
}

func (f *follower) taintEviction(s *step, phase, group, node string) (verdict, string) {
	place := "[" + group + "][" + node + "]"
	count := s.before[phase+place] - s.after[phase+place]
	var wanted []string
	for _, pod := range f.w.pods() {
		if f.w.countedAs(pod) == phase+place && f.held.wants(pod) {
			wanted = append(wanted, pod.Name)
		}
	}
	if int64(len(wanted)) < count {
		return deviates, fmt.Sprintf("it deletes %d pods, in the trace %d", len(wanted), count)
	}
	f.delete(wanted[:count])
	if int64(len(wanted)) > count {
		return could, fmt.Sprintf("%d of %d deletions under way", count, len(wanted))
	}
	return same, ""
}

func (f *follower) autoscale(verb string) (verdict, string) {
	fresh, is := map[string]sampling{
		"sync": {}, "sync-before-readiness": {early: true}, "sync-before-first-sample": {missing: math.MaxInt},
	}[verb]
	if !is {
		return simulated, "a memory of the model; the real one is compared at its next sync"
	}
	f.synced = true
	if err := f.scaler.sync(fresh); err != nil {
		return failed(err)
	}
	return same, ""
}

func (f *follower) deschedule(s *step, plugin string) (verdict, string) {
	if f.passes == nil {
		return deviates, "there is no policy"
	}
	wanted := fmt.Sprint(lowered(s))
	seen := map[string]bool{}
	var chosen []string
	for try := 0; try < passTries || (chosen == nil && try < tries); try++ {
		evicted, err := f.passes.pass(f.w, plugin)
		if err != nil {
			return failed(err)
		}
		key := fmt.Sprint(f.counts(evicted))
		seen[key] = true
		if key == wanted {
			chosen = evicted
		}
	}
	if !seen[wanted] {
		return deviates, fmt.Sprintf("it evicts %v, in the trace %s", seen, wanted)
	}
	f.delete(chosen)
	return tie(len(seen), "outcomes")
}

var seconds = regexp.MustCompile(`^(\d+) s pass`)

// Real autoscalers sync while time passes; the trace says that this changes nothing.
func (f *follower) timePasses(s *step) (verdict, string) {
	match := seconds.FindStringSubmatch(s.Text)
	if match == nil {
		return deviates, "no number of seconds in " + s.Text
	}
	left, err := strconv.Atoi(match[1])
	must(err)
	found, told := simulated, "clock"
	for left > 0 {
		quiet, why := f.quietSync(s)
		if quiet == deviates {
			return quiet, why
		} else if quiet == could {
			found, told = quiet, why
		}
		chunk := min(left, 15)
		pass(time.Duration(chunk) * time.Second)
		synctest.Wait()
		f.synced = false
		left -= chunk
	}
	for _, pod := range f.w.pods() {
		one := f.startup(f.w.groupOf(pod))
		if phaseOf(pod) == "starting" && one.Ready != "never" && time.Since(pod.Status.StartTime.Time) >= time.Duration(one.Seconds)*time.Second {
			f.w.finishStartup(pod)
		}
	}
	return found, told
}

// A sync that changes nothing. Which samples of new pods it sees is up to the metrics pipeline.
func (f *follower) quietSync(s *step) (verdict, string) {
	if f.synced || len(f.w.autoscalers()) == 0 {
		return same, ""
	}
	before, memory, wrong := f.w.deployments(), f.scaler.remember(), ""
	samplings := []sampling{{}, {early: true}}
	for _, pod := range f.w.pods() {
		if phaseOf(pod) == "starting" {
			samplings = append(samplings, sampling{missing: len(samplings) - 1})
		}
	}
	for index, fresh := range samplings {
		err := f.scaler.sync(fresh)
		now := f.w.differs(s.before)
		switch {
		case err == nil && now == "" && index == 0:
			return same, ""
		case err == nil && now == "":
			return could, "the autoscaler's syncs change nothing if new pods have no fresh sample yet"
		case err != nil && wrong == "":
			wrong = err.Error()
		case wrong == "":
			wrong = now
		}
		f.scaler.recall(memory)
		for _, one := range before {
			f.w.put(deploymentResource, one)
		}
		memory = f.scaler.remember()
	}
	return deviates, "the autoscaler syncs while time passes: " + wrong
}

func (f *follower) event(s *step, parts []string) (verdict, string) {
	kind, parameters := f.scenario.eventById(parts[1])
	node := parts[len(parts)-1]
	switch kind {
	case "apply":
		if err := f.w.apply(f.scenario, parameters["file"].(string)); err != nil {
			return failed(err)
		}
		return same, "kubectl's merge"
	case "scale":
		return f.scale(s)
	case "cpuChange":
		match := arrow.FindStringSubmatch(s.Text)
		if match == nil {
			return deviates, "no value in " + s.Text
		}
		f.usage.change(parameters["target"].(string), match[1])
	case "kernelPanic", "nodeFailure":
		if parts[2] == "panic" && !f.usage.exhausted(node, parameters) {
			return deviates, "the node has free CPU"
		}
		f.w.stopped[node] = parts[2] == "panic" || parts[2] == "stop"
	case "maintenance", "drain":
		f.maintain(s, parts, node)
	case "cordon", "uncordon":
		f.w.cordon(node, kind == "cordon")
	default:
		return deviates, "there is no component for it"
	}
	return simulated, "environment"
}

// What `kubectl scale` writes.
func (f *follower) scale(s *step) (verdict, string) {
	for _, one := range f.w.deployments() {
		value := int32(s.after[fmt.Sprintf("spec.replicas[%s/%s]", one.Namespace, one.Name)])
		one.Spec.Replicas = &value
		f.w.put(deploymentResource, one)
	}
	return simulated, "environment"
}

func (f *follower) maintain(s *step, parts []string, node string) {
	switch parts[2] {
	case "evict":
		place := "[" + parts[4] + "/" + parts[5] + "][" + node + "]"
		for range s.before[parts[3]+place] - s.after[parts[3]+place] {
			f.w.deletePod(f.pod(parts[3] + place).Name)
		}
	case "finish":
		f.w.cordon(node, false)
	default:
		f.w.cordon(node, true)
	}
}
