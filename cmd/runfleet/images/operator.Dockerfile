# The operator's image: one static program and the certificates that it trusts.
#
#   docker build -t REPOSITORY:TAG -f cmd/runfleet/images/operator.Dockerfile .
#
# build.sh makes the same without a registry.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/runfleet ./cmd/runfleet

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/runfleet /usr/bin/runfleet
USER 65532:65532
ENV PATH=/usr/bin
ENTRYPOINT ["/usr/bin/runfleet"]
CMD ["operator"]
