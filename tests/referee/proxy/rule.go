package main

import (
	"fmt"
	"sync"
)

// What a rule does to what it meets.
const (
	// stall: answers deliver nothing until the rule ends, those that have begun before included.
	stall = "stall"
	// hold: a request waits until the rule ends, and takes effect then.
	hold = "hold"
	// loseRequest: the connection ends before the request takes effect.
	loseRequest = "loseRequest"
	// loseAnswer: the connection ends after the request has taken effect.
	loseAnswer = "loseAnswer"
	// conflict: the answer is 409, and the request has no effect.
	conflict = "conflict"
	// cut: as loseAnswer, and from then on no request of anybody takes effect until the rule ends.
	cut = "cut"
)

// A rule: what it meets, and what it does.
type rule struct {
	ID int `json:"id"`
	// Verb is that of Kubernetes (list, watch, create, ...), or write for any that is no read.
	Verb string `json:"verb"`
	// Resource is its name in paths, such as pods or nodes/status.
	Resource string `json:"resource"`
	// Nth says which request is meant; 0 for each. Stalls are for each.
	Nth int    `json:"nth"`
	Do  string `json:"do"`
	// Met counts requests of this verb and resource.
	Met int `json:"met"`
	// Fired counts those that something was done to.
	Fired int `json:"fired"`
	ended chan struct{}
}

func (r *rule) isFor(one *request) bool {
	isVerb := r.Verb == one.verb || r.Verb == "write" && one.isWrite()
	return isVerb && r.Resource == one.resource()
}

// rules are those that have not ended.
type rules struct {
	mutex  sync.Mutex
	last   int
	active map[int]*rule
	isCut  bool
	log    []string
}

func newRules() *rules { return &rules{active: map[int]*rule{}} }

func (all *rules) add(one *rule) error {
	switch one.Do {
	case stall, hold, loseRequest, loseAnswer, conflict, cut:
	default:
		return fmt.Errorf("nothing is called %q", one.Do)
	}
	all.mutex.Lock()
	defer all.mutex.Unlock()
	all.last++
	one.ID, one.Met, one.Fired, one.ended = all.last, 0, 0, make(chan struct{})
	all.active[one.ID] = one
	return nil
}

func (all *rules) end(id int) bool {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	one, isThere := all.active[id]
	if !isThere {
		return false
	}
	delete(all.active, id)
	if one.Do == cut {
		all.isCut = false
	}
	close(one.ended)
	return true
}

// list is a copy.
func (all *rules) list() []rule {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	listed := []rule{}
	for _, one := range all.active {
		listed = append(listed, *one)
	}
	return listed
}

// met is the rule that a request falls under, if any; the first request of a cut lets no other pass.
func (all *rules) met(one *request) *rule {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	if all.isCut {
		return &rule{Do: loseRequest}
	}
	for _, own := range all.active {
		if own.Do == stall || !own.isFor(one) {
			continue
		}
		own.Met++
		if own.Nth != 0 && own.Nth != own.Met {
			continue
		}
		own.Fired++
		all.isCut = own.Do == cut
		return own
	}
	return nil
}

// stalls is what ends with the stall of a request's answer, or nothing.
func (all *rules) stalls(one *request) <-chan struct{} {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	for _, own := range all.active {
		if own.Do == stall && own.isFor(one) {
			own.Fired++
			return own.ended
		}
	}
	return nil
}

func (all *rules) note(line string) {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	all.log = append(all.log, line)
}

func (all *rules) noted() []string {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	return append([]string{}, all.log...)
}
