package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
)

// seenPods are all pods that there have ever been, however short, as a watch tells them.
type seenPods struct {
	mutex sync.Mutex
	all   map[string]pod
	now   map[string]bool
	most  int
	end   context.CancelFunc
}

func watchPods(api *client) *seenPods {
	running, end := context.WithCancel(context.Background())
	own := &seenPods{all: map[string]pod{}, now: map[string]bool{}, end: end}
	go func() {
		for running.Err() == nil {
			own.follow(running, api)
		}
	}()
	return own
}

// follow reads one stream to its end; the next one begins with all pods that there are.
func (own *seenPods) follow(running context.Context, api *client) {
	request, err := http.NewRequestWithContext(running, http.MethodGet, api.base+podsPath+"?watch=true", nil)
	if err != nil {
		return
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	stream := json.NewDecoder(answer.Body)
	for {
		var event struct {
			Type   string
			Object pod
		}
		if stream.Decode(&event) != nil {
			return
		}
		own.take(event.Type, event.Object)
	}
}

func (own *seenPods) take(kind string, one pod) {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	own.all[one.Metadata.UID] = one
	if kind == "DELETED" || one.isTerminating() || one.hasEnded() {
		delete(own.now, one.Metadata.UID)
	} else {
		own.now[one.Metadata.UID] = true
	}
	own.most = max(own.most, len(own.now))
}

// ever is how many pods there have been, and how many at most at one moment that were neither ended nor terminating.
func (own *seenPods) ever() (int, int) {
	own.mutex.Lock()
	defer own.mutex.Unlock()
	return len(own.all), own.most
}
