// Runs the controllers of Kubernetes and the descheduler in lock-step with runs of the model.
//
//	lockstep follow TRACE FOLDER [TIMES]   does the real code do what a saved run says? A loop goes TIMES (20) round.
//	lockstep rounds TRACE FOLDER [ROUNDS]  do the real controllers, left alone on a cluster of the size of that run with
//	                                       the manifests and events of FOLDER, come to rest within ROUNDS (200)?
//
// Exit code 0: yes; 1: no; 2: bad usage or input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"

	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

func main() {
	if len(os.Args) < 4 || (os.Args[1] != "follow" && os.Args[1] != "rounds") {
		fmt.Fprintln(os.Stderr, "usage: lockstep follow|rounds TRACE FOLDER [NUMBER]")
		os.Exit(2)
	}
	arguments := os.Args[1:]
	os.Args = os.Args[:1]
	silence()
	// Goroutines that live as long as the process must not start inside the bubble.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR2)
	metrics.Register()
	lockstep := func(t *testing.T) {
		synctest.Test(t, func(*testing.T) { os.Exit(inBubble(arguments)) })
	}
	everything := func(string, string) (bool, error) { return true, nil }
	testing.Main(everything, []testing.InternalTest{{Name: "lockstep", F: lockstep}}, nil, nil)
}

// Components that are stepped one by one complain of caches that never run.
func silence() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	must(flags.Set("logtostderr", "false"))
	must(flags.Set("stderrthreshold", "FATAL"))
	klog.SetOutput(io.Discard)
}

// The fake clock of testing/synctest runs here.
func inBubble(arguments []string) int {
	number := map[string]int{"follow": 20, "rounds": 200}[arguments[0]]
	if len(arguments) > 3 {
		given, err := strconv.Atoi(arguments[3])
		if err != nil || given < 1 {
			fmt.Fprintf(os.Stderr, "%s: a number from 1 on is expected\n", arguments[3])
			return 2
		}
		number = given
	}
	f, err := prepare(arguments[1], arguments[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	name := filepath.Base(filepath.Dir(arguments[2])) + " " + filepath.Base(arguments[2])
	if arguments[0] == "rounds" {
		return f.rounds(name, number)
	}
	return f.report(name, number)
}

func prepare(path, folder string) (*follower, error) {
	run, err := readTrace(path)
	if err != nil {
		return nil, err
	}
	s, err := readScenario(folder)
	if err != nil {
		return nil, err
	}
	w := newWorld()
	policy, err := s.seed(w, run)
	if err != nil {
		return nil, err
	}
	used, err := newUsage(w, s, run)
	if err != nil {
		return nil, err
	}
	f := &follower{
		w: w, run: run, scenario: s, usage: used, random: rand.New(rand.NewSource(1)),
		held: startTaintEviction(context.Background(), w), scaler: newAutoscaling(w, used),
	}
	if policy != "" {
		program, err := os.Executable()
		if err != nil {
			return nil, err
		}
		if f.passes, err = startDescheduler(filepath.Join(filepath.Dir(program), "lockstep-descheduler"), policy); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Follows the run and prints a line a step, then the loop again and again.
func (f *follower) report(name string, times int) int {
	counts := map[verdict]int{}
	one := func(s *step, quiet bool) bool {
		found, why := f.follow(s)
		counts[found]++
		if !quiet || found == deviates {
			fmt.Printf("%3d %-26s %-20s %s\n    real: %s\n", s.Number, s.Actor, s.Reason, s.Text, told(found, why))
		}
		return found != deviates
	}
	for index := range f.run.Steps {
		if !one(&f.run.Steps[index], false) {
			fmt.Printf("%s: DEVIATES at step %d\n", name, index+1)
			return 1
		}
	}
	around := ""
	if f.run.Loop != nil {
		first, last := f.run.Loop[0], f.run.Loop[1]
		for round := 2; round <= times; round++ {
			for index := first - 1; index < last; index++ {
				if !one(&f.run.Steps[index], true) {
					fmt.Printf("%s: DEVIATES at step %d, round %d of the loop\n", name, index+1, round)
					return 1
				}
			}
		}
		around = fmt.Sprintf(", steps %d to %d %d times round", first, last, times)
	}
	fmt.Printf("%s: %d steps%s: real code does the same in %d, could do the same in %d, simulated %d, deviates in 0\n",
		name, len(f.run.Steps), around, counts[same], counts[could], counts[simulated])
	return 0
}

func told(found verdict, why string) string {
	text := map[verdict]string{same: "same", could: "could do the same", simulated: "simulated", deviates: "DEVIATES"}[found]
	switch {
	case why == "":
		return text
	case found == deviates:
		return text + ": " + why
	}
	return text + " (" + why + ")"
}
