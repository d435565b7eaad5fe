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
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds"`
	Asked   string  `json:"asked"`
}

// run goes through a case on a control plane of its own.
func (own *settings) run(one job, port int) record {
	begin := time.Now()
	done := record{Case: one.own.name, Release: own.release, IsFaulty: one.isFaulty}
	asked := one.own.askedWithout
	if one.isFaulty {
		asked = one.own.asked
	}
	done.Asked = own.ask(asked)
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
	fmt.Printf("%s, fault %v: seen %v in %.0f s %s; Kubound: %s\n", done.Case, done.IsFaulty, done.Seen, done.Seconds,
		done.Error, done.Asked)
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
