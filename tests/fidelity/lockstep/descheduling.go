package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
)

// The descheduler is a module and a process of its own: it needs another version of Kubernetes' libraries.
type descheduling struct {
	policy string
	into   io.Writer
	from   *bufio.Reader
}

// One pass that is asked for. The child of this program decodes the same fields.
type passRequest struct {
	// Path of the policy file.
	Policy string `json:"policy"`
	// The only plugin to run; all if it is empty.
	Plugin      string               `json:"plugin"`
	Nodes       []*v1.Node           `json:"nodes"`
	Pods        []*v1.Pod            `json:"pods"`
	ReplicaSets []*appsv1.ReplicaSet `json:"replicaSets"`
}

type passAnswer struct {
	Evicted []string `json:"evicted"`
	Error   string   `json:"error"`
}

func startDescheduler(program, policy string) (*descheduling, error) {
	child := exec.Command(program)
	child.Stderr = os.Stderr
	into, err := child.StdinPipe()
	if err != nil {
		return nil, err
	}
	from, err := child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	return &descheduling{policy: policy, into: into, from: bufio.NewReader(from)}, nil
}

// The names of the pods that a pass evicts.
func (d *descheduling) pass(w *world, plugin string) ([]string, error) {
	request, err := json.Marshal(passRequest{d.policy, plugin, w.nodes(), w.pods(), w.replicaSets()})
	if err != nil {
		return nil, err
	}
	if _, err := d.into.Write(append(request, '\n')); err != nil {
		return nil, err
	}
	line, err := d.from.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the descheduler ended: %w", err)
	}
	var answer passAnswer
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("descheduler: %s", answer.Error)
	}
	return answer.Evicted, nil
}
