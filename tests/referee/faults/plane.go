package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Ports of a plane, counted from its first one; see tests/referee/plane/up.sh.
const (
	throughKubectl = 6
	throughControl = 9
	lagging        = 11
	lateControl    = 13
)

// A cluster is a control plane with nodes that the referee plays. Its methods end the run if they fail.
type cluster struct {
	own      *settings
	state    string
	port     int
	begin    time.Time
	api      *client
	through  *proxy
	late     *proxy
	kubelets *kubelets
	seen     *seenPods
	said     []string
}

// failed is what ends a run.
type failed struct{ error }

// up starts a control plane as a case needs it.
func (own *settings) up(one job, port int) (*cluster, error) {
	c := &cluster{own: own, port: port, begin: time.Now(), state: filepath.Join(own.folder, fmt.Sprintf("plane-%d", port))}
	if _, err := os.Stat(filepath.Join(c.state, "pids")); err == nil {
		c.down()
	}
	command := exec.Command(c.script("up.sh"), c.state, fmt.Sprint(port))
	command.Env = append(os.Environ(), "BIN="+filepath.Join(own.folder, "bin", own.release),
		"PROXY="+filepath.Join(own.folder, "bin/proxy"), "ALONE="+one.own.needs.alone,
		"MANAGER_ARGS="+one.own.needs.managerArgs)
	if one.own.needs.metrics {
		command.Env = append(command.Env, "METRICS="+filepath.Join(own.folder, "bin/metrics"))
	}
	if one.own.needs.lagging {
		command.Env = append(command.Env, "LAGGING=yes")
	}
	if said, err := command.CombinedOutput(); err != nil {
		c.down()
		return nil, fmt.Errorf("the control plane did not start: %w: %s", err, said)
	}
	c.api = newClient(port + throughKubectl)
	c.through, c.late = newProxy(port+throughControl), newProxy(port+lateControl)
	c.kubelets = startKubelets(c.api, one.own.needs.leases)
	c.seen = watchPods(c.api)
	return c, nil
}

func (c *cluster) script(name string) string {
	return filepath.Join(c.own.root, "tests/referee/plane", name)
}

func (c *cluster) down() {
	if c.kubelets != nil {
		c.kubelets.end()
		c.seen.end()
	}
	if said, err := exec.Command(c.script("down.sh"), c.state).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: not ended: %v: %s\n", c.state, err, said)
	}
}

// try goes through the case.
func (c *cluster) try(one job) (seen bool, err error) {
	defer func() {
		switch said := recover().(type) {
		case nil:
		case failed:
			err = said.error
		default:
			panic(said)
		}
	}()
	return one.own.run(c, one.isFaulty), nil
}

func (c *cluster) must(err error) {
	if err != nil {
		panic(failed{err})
	}
}

// end ends a part of the control plane as a crash does.
func (c *cluster) end(part string) { c.part("end", part) }

// start starts it again.
func (c *cluster) start(part string) { c.part("begin", part) }

func (c *cluster) part(verb, part string) {
	// What part.sh leaves in the background must not hold its pipes.
	c.must(exec.Command(c.script("part.sh"), c.state, verb, part).Run())
	c.note("%s %s", verb, part)
}

// kubectl runs it until it ends.
func (c *cluster) kubectl(arguments ...string) {
	program := filepath.Join(c.own.folder, "bin", c.own.release, "kubectl")
	arguments = append([]string{"--kubeconfig", filepath.Join(c.state, "kubeconfig")}, arguments...)
	if said, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		panic(failed{fmt.Errorf("kubectl: %w: %s", err, said)})
	}
}

// apply applies a file of the project.
func (c *cluster) apply(file string) {
	c.kubectl("apply", "-f", filepath.Join(c.own.root, file))
	c.note("apply %s", filepath.Base(file))
}

// note keeps a line about the run, with the second it is of.
func (c *cluster) note(form string, values ...any) {
	line := fmt.Sprintf("%3.0f s  %s", time.Since(c.begin).Seconds(), fmt.Sprintf(form, values...))
	c.said = append(c.said, line)
}

// finding marks a line that tells what a run ends with.
const finding = "finally: "

// find keeps what a run ends with.
func (c *cluster) find(form string, values ...any) { c.note(finding+form, values...) }

// pause is the time between two looks.
const pause = 200 * time.Millisecond

// within says whether something is so at some moment of that time.
func (c *cluster) within(limit time.Duration, isSo func() bool) bool {
	for last := time.Now().Add(limit); time.Now().Before(last); time.Sleep(pause) {
		if isSo() {
			return true
		}
	}
	return false
}

// patience is for what happens in every run.
const patience = 60 * time.Second

// until waits for what happens in every run.
func (c *cluster) until(what string, isSo func() bool) {
	if !c.within(patience, isSo) {
		panic(failed{errors.New("never: " + what)})
	}
	c.note("%s", what)
}
