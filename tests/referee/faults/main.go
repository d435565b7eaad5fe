// Faults on a real control plane: each case is run with its fault and without, and Kubound is asked the same.
// `scripts/referee faults` builds and runs this; docs/src/reproduced-faults.md is written by it.
//
// A case is one file, and one entry of `all`. Most of it is a function that goes through the case on a cluster of its own:
// sets up, disturbs where it is told to, and says whether the failure was seen.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// ports that one control plane may use.
const ports = 20

// all are the cases, in the order of the page.
var all = []faultCase{
	stalledReplicaSet,
	cutBetweenMarks,
	cutBeforeTaint,
	tolerationBeginsAnew,
	autoscalerForgets,
	autoscalerUnrecorded,
	scalingDuringRollout,
	staleLeases,
	jobRunsTwice,
	daemonPodTwice,
	replicaSetAfterRestart,
	lostAnswer,
	lostAnswerUnseen,
	lostRequest,
	refusedWrite,
	rollback,
}

// A faultCase is a failure, and how it comes about.
type faultCase struct {
	name   string
	title  string
	source string
	// fault is what is injected, and how.
	fault string
	// failure is what counts as reproduced.
	failure string
	needs   needs
	// tries are how often the case is run with its fault until the failure is seen; 0 is once.
	tries int
	// intent is the id of the one that speaks of the failure, if one can.
	intent string
	// asked is what Kubound is asked with the fault, and without.
	asked, askedWithout question
	// remark says where Kubound's answer and the cluster's differ, or why.
	remark string
	run    func(c *cluster, isFaulty bool) bool
}

// needs are those of a control plane.
type needs struct {
	// alone are controllers with a process and a proxy of their own.
	alone       string
	managerArgs string
	// metrics: what pods use is served.
	metrics bool
	// lagging: there is a second API server.
	lagging bool
	// leases: nodes say that they live by leases, and not by their status.
	leases bool
}

// A job is one run of a case.
type job struct {
	own      faultCase
	isFaulty bool
}

type settings struct {
	root, folder, release, kubound string
	port, planes                   int
}

func main() {
	var own settings
	flag.StringVar(&own.root, "root", ".", "folder of the project")
	flag.StringVar(&own.folder, "folder", "target/referee", "folder of the referee's programs and results")
	flag.StringVar(&own.release, "release", "1.33", "release of Kubernetes")
	flag.StringVar(&own.kubound, "kubound", "kubound", "Kubound's program")
	flag.IntVar(&own.port, "port", 26900, "first port")
	flag.IntVar(&own.planes, "planes", 1, "how many control planes run side by side")
	isPage := flag.Bool("page", false, "only write the page, of what has been run")
	flag.Parse()
	if err := own.absolute(); err != nil {
		log.Fatal(err)
	}
	chosen, err := choose(flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	if *isPage {
		err = own.writePage()
	} else {
		err = own.runAll(chosen)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func (own *settings) absolute() error {
	for _, path := range []*string{&own.root, &own.folder, &own.kubound} {
		full, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = full
	}
	return nil
}

// choose takes the cases with these names; all, if there are none.
func choose(names []string) ([]faultCase, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []faultCase
	for _, name := range names {
		at := slices.IndexFunc(all, func(one faultCase) bool { return one.name == name })
		if at < 0 {
			return nil, fmt.Errorf("no case is called %q", name)
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}

// runAll runs cases with and without their faults, and writes the page after each run.
func (own *settings) runAll(chosen []faultCase) error {
	jobs := make(chan job, 2*len(chosen))
	for _, one := range chosen {
		jobs <- job{one, true}
		jobs <- job{one, false}
	}
	close(jobs)
	var mutex sync.Mutex
	var workers sync.WaitGroup
	var failed error
	for number := range own.planes {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for one := range jobs {
				done := own.run(one, own.port+number*ports)
				mutex.Lock()
				if err := own.keep(done); err != nil {
					failed = err
				}
				mutex.Unlock()
			}
		}()
	}
	workers.Wait()
	return failed
}

// keep adds a record to the results and writes the page.
func (own *settings) keep(done record) error {
	if err := add(own.results(own.release), done); err != nil {
		return err
	}
	return own.writePage()
}

func (own *settings) writePage() error {
	text, err := own.page()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(own.root, "docs/src/reproduced-faults.md"), []byte(text), 0o644)
}

func (own *settings) results(release string) string {
	return filepath.Join(own.folder, "faults-"+release+".jsonl")
}
