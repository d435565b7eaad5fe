package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A record is what became of one run of a case.
type record struct {
	Case     string   `json:"case"`
	Release  string   `json:"release"`
	IsFaulty bool     `json:"isFaulty"`
	Seen     bool     `json:"seen"`
	Said     []string `json:"said"`
	// Error is why the run could not be brought to its end.
	Error string `json:"error,omitempty"`
	// Tries are how often it was run; the last time counts.
	Tries   int     `json:"tries"`
	Seconds float64 `json:"seconds"`
	Asked   string  `json:"asked"`
}

// run asks Kubound about a case, and goes through it until the failure is seen, or often enough.
func (own *settings) run(one job, port int) record {
	asked, tries := one.own.askedWithout, 1
	if one.isFaulty {
		asked, tries = one.own.asked, max(one.own.tries, 1)
	}
	answer := own.ask(asked)
	var done record
	for try := 1; try <= tries && !done.Seen; try++ {
		done = own.runOnce(one, port)
		done.Asked, done.Tries = answer, try
		fmt.Printf("%s, fault %v, try %d: seen %v in %.0f s %s; Kubound: %s\n", done.Case, done.IsFaulty, try, done.Seen,
			done.Seconds, done.Error, done.Asked)
	}
	return done
}

// runOnce goes through a case on a control plane of its own.
func (own *settings) runOnce(one job, port int) record {
	begin := time.Now()
	done := record{Case: one.own.name, Release: own.release, IsFaulty: one.isFaulty}
	c, err := own.up(one, port)
	if err == nil {
		done.Seen, err = c.try(one)
		done.Said = c.said
		c.down()
	}
	if err != nil {
		done.Error = err.Error()
	}
	done.Seconds = time.Since(begin).Seconds()
	return done
}

func add(path string, done record) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	return json.NewEncoder(file).Encode(done)
}

// recorded are the last records of each case with its fault, and without.
type recorded map[string]map[bool]record

func (own *settings) read(release string) (recorded, error) {
	read := recorded{}
	file, err := os.Open(own.results(release))
	if errors.Is(err, fs.ErrNotExist) {
		return read, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one record
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file.Name()), err)
		}
		if read[one.Case] == nil {
			read[one.Case] = map[bool]record{}
		}
		read[one.Case][one.IsFaulty] = one
	}
	return read, lines.Err()
}
