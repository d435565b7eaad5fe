package main

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// newControl takes commands.
func newControl(rules *rules, through *through) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { answer(w, rules.list()) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { answer(w, rules.noted()) })
	mux.HandleFunc("POST /rules", func(w http.ResponseWriter, r *http.Request) {
		one := new(rule)
		err := json.NewDecoder(r.Body).Decode(one)
		if err == nil {
			err = rules.add(one)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, one)
	})
	mux.HandleFunc("DELETE /rules/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		if err != nil || !rules.end(id) {
			http.Error(w, "no such rule", http.StatusNotFound)
		}
	})
	mux.HandleFunc("PUT /upstream", func(w http.ResponseWriter, r *http.Request) {
		var to struct{ URL string }
		err := json.NewDecoder(r.Body).Decode(&to)
		if err == nil {
			err = through.sendTo(to.URL)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	return mux
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	// The client is gone if this fails.
	_ = json.NewEncoder(w).Encode(value)
}
