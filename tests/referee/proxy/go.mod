module kubound.dev/referee/proxy

go 1.24.0
