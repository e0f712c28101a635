# Two images from one file:
#   docker build .                        HAProxy with the verifier in place
#   docker build --target token-server .  the server beside it
ARG BASE=debian:12-slim

# The compiled binary; its build installs Bun from npm by itself.
FROM ${BASE} AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends bash ca-certificates git nodejs npm \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json bun.lock ./
COPY scripts/setup scripts/setup
RUN bash -c '. scripts/setup'
COPY . .
RUN scripts/build

FROM ${BASE} AS token-server
RUN useradd --system --uid 900 --home-dir /var/lib/haproxy-jwt --shell /usr/sbin/nologin haproxy-jwt \
  && install -d -o haproxy-jwt -m 700 /var/lib/haproxy-jwt
COPY --from=build /src/dist/haproxy-jwt /usr/local/bin/haproxy-jwt
USER haproxy-jwt
VOLUME /var/lib/haproxy-jwt
ENV JWT_LISTEN=0.0.0.0:4000
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=2s --retries=3 CMD ["haproxy-jwt", "healthcheck"]
ENTRYPOINT ["haproxy-jwt"]
CMD ["serve"]

FROM ${BASE} AS haproxy
RUN apt-get update \
  && apt-get install -y --no-install-recommends haproxy lua-cjson lua-luaossl ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY lua /usr/local/share/haproxy-jwt/lua
COPY haproxy /usr/local/share/haproxy-jwt/haproxy
ENV JWT_LUA_DIR=/usr/local/share/haproxy-jwt/lua
ENV JWT_FRONTEND_BIND=0.0.0.0:8080
USER haproxy
EXPOSE 8080
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-W", "-db"]
CMD ["-f", "/usr/local/share/haproxy-jwt/haproxy/haproxy.cfg"]
